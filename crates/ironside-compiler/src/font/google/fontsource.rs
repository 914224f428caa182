//! Packages of Fontsource (`@fontsource/NAME`, `@fontsource-variable/NAME`): the fonts that Google serves, as npm packages. What
//! is in one stands in its `metadata.json` and `unicode.json`.

use super::google_options::GoogleOptions;
use crate::{
    font::options::{Face, is_value},
    package::NODE_MODULES,
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// An installed package.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) folder: PathBuf,
    /// `serif`, `sans-serif`, `monospace`, …
    pub(super) category: Option<String>,
    id: String,
    subsets: Vec<String>,
    /// The weights that have a file each; `None` if one file has them all.
    weights: Option<Vec<u32>>,
    /// From the lightest to the heaviest.
    range: Option<String>,
    unicode: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    id: String,
    subsets: Vec<String>,
    weights: Vec<u32>,
    category: Option<String>,
}

/// The package with all weights of a family in one file.
pub(super) fn variable_package(family: &str) -> String {
    format!("@fontsource-variable/{}", slug(family))
}

/// The package that has the family, as seen from a module: in its folder's `node_modules` or above. `any_weight`: one file with all
/// weights is better than one for each.
pub(super) fn find(module: &Path, family: &str, any_weight: bool) -> Option<Package> {
    let variable = (variable_package(family), true);
    let fixed = (format!("@fontsource/{}", slug(family)), false);
    let order = if any_weight { [variable, fixed] } else { [fixed, variable] };
    order.iter().find_map(|(name, variable)| {
        module
            .ancestors()
            .map(|folder| folder.join(NODE_MODULES).join(name))
            .find_map(|folder| read(&folder, *variable))
    })
}

fn read(folder: &Path, variable: bool) -> Option<Package> {
    let text = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let metadata: Metadata = serde_json::from_str(&text("metadata.json")?).ok()?;
    let unicode: BTreeMap<String, String> = serde_json::from_str(&text("unicode.json")?).ok()?;
    let (lightest, heaviest) = (metadata.weights.iter().min()?, metadata.weights.iter().max()?);
    Some(Package {
        folder: folder.to_owned(),
        category: metadata.category,
        id: metadata.id,
        subsets: metadata.subsets,
        range: variable.then(|| format!("{lightest} {heaviest}")),
        weights: (!variable).then(|| metadata.weights.clone()),
        unicode,
    })
}

fn slug(family: &str) -> String {
    family.to_lowercase().replace(' ', "-")
}

/// One file of a package.
struct FontFile {
    /// Relative to the package.
    path: String,
    subset: String,
    weight: String,
    style: String,
}

impl Package {
    /// The faces that the options ask for, of all subsets: a browser loads only those whose letters it meets.
    pub(super) fn faces(&self, options: &GoogleOptions) -> Vec<Face> {
        self.list(options)
            .map(|file| Face {
                unicode_range: self.unicode.get(&file.subset).filter(|range| is_value(range)).cloned(),
                path: file.path,
                format: "woff2",
                weight: Some(file.weight),
                style: Some(file.style),
            })
            .collect()
    }

    /// Those of the same files that have letters of the subsets that the options name.
    pub(super) fn files_of_subsets(&self, options: &GoogleOptions) -> Vec<PathBuf> {
        self.list(options)
            .filter(|file| options.subsets.contains(&file.subset))
            .map(|file| self.folder.join(file.path.trim_start_matches("./")))
            .collect()
    }

    fn list<'p>(&'p self, options: &'p GoogleOptions) -> impl Iterator<Item = FontFile> + 'p {
        let weights = self.names_of_weights(options);
        self.subsets.iter().flat_map(move |subset| {
            let weights = weights.clone();
            options.styles.iter().flat_map(move |style| {
                weights
                    .clone()
                    .into_iter()
                    .map(move |(name, weight)| FontFile {
                        path: format!("./files/{}-{subset}-{name}-{style}.woff2", self.id),
                        subset: subset.clone(),
                        weight,
                        style: style.clone(),
                    })
                    .filter(|file| self.folder.join(&file.path).is_file())
            })
        })
    }

    /// How file names call the weights that are asked for, and how CSS does. What the package does not have is left out, and
    /// if that is everything, all weights are taken.
    fn names_of_weights(&self, options: &GoogleOptions) -> Vec<(String, String)> {
        if let Some(range) = &self.range {
            return vec![("wght".to_owned(), range.clone())];
        }
        let all: Vec<String> = self.weights.iter().flatten().map(u32::to_string).collect();
        let asked: Vec<&String> = all.iter().filter(|weight| options.weights.contains(weight)).collect();
        let taken = if asked.is_empty() { all.iter().collect() } else { asked };
        taken.into_iter().map(|weight| (weight.clone(), weight.clone())).collect()
    }
}
