//! `.env` files: which of them count, what stands in them, and how `$NAME` is filled in.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

/// The variables of the files, without those that the process has already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvFiles {
    /// By name.
    pub values: BTreeMap<String, String>,
    /// The files that were there, the most important one first.
    pub loaded: Vec<PathBuf>,
    /// Every file that would have counted: a new one is a reason to read them again.
    pub candidates: Vec<PathBuf>,
}

/// Reads the files for a value of `NODE_ENV`. A name is taken from the first of these that has it: the process,
/// `.env.<mode>.local`, `.env.local` (not for `test`), `.env.<mode>`, `.env`.
///
/// # Errors
/// If a file is there and can't be read.
pub fn load_env_files(root: &Path, node_env: &str, process: &BTreeMap<String, String>) -> Result<EnvFiles, (PathBuf, io::Error)> {
    let mut names = vec![format!(".env.{node_env}.local")];
    if node_env != "test" {
        names.push(".env.local".to_owned());
    }
    names.extend([format!(".env.{node_env}"), ".env".to_owned()]);
    let mut found = EnvFiles {
        candidates: names.iter().map(|name| root.join(name)).collect(),
        ..EnvFiles::default()
    };
    for path in &found.candidates {
        let text = match fs::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err((path.clone(), error)),
        };
        found.loaded.push(path.clone());
        let own = parse(&text);
        let expanded: Vec<(String, String)> = own
            .keys()
            .filter(|name| !process.contains_key(*name) && !found.values.contains_key(*name))
            .map(|name| {
                (
                    name.clone(),
                    Expansion {
                        outer: &[process, &found.values],
                        own: &own,
                    }
                    .value(name),
                )
            })
            .collect();
        found.values.extend(expanded);
    }
    Ok(found)
}

/// The values of a file as they are written.
fn parse(text: &str) -> BTreeMap<String, String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut values = BTreeMap::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let Some((name, value_start)) = assignment(line) else {
            rest = after;
            continue;
        };
        // From where the value starts, as a quoted one may go on over several lines.
        let from_value = &rest[line.len() - value_start.len()..];
        if let Some((value, tail)) = quoted(from_value) {
            values.insert(name.to_owned(), value);
            rest = tail.split_once('\n').map_or("", |(_, after)| after);
        } else {
            let value = value_start.split('#').next().unwrap_or_default().trim();
            values.insert(name.to_owned(), value.to_owned());
            rest = after;
        }
    }
    values
}

/// `export NAME = value` → the name and what comes after the sign.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let line = line
        .strip_prefix("export")
        .filter(|rest| rest.starts_with(char::is_whitespace))
        .unwrap_or(line)
        .trim_start();
    let end = line
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')))
        .unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let after_name = rest.trim_start();
    let value = after_name
        .strip_prefix('=')
        .or_else(|| rest.strip_prefix(':').filter(|rest| rest.starts_with(char::is_whitespace)))?;
    (!name.is_empty()).then_some((name, value.trim_start_matches([' ', '\t'])))
}

/// A quoted value and what comes after it; `None` if it isn't quoted or the quote doesn't end.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let inner = &text[1..];
    let mut escaped = false;
    let end = inner.find(|c: char| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    let value = &inner[..end];
    let value = if quote == '"' {
        value.replace("\\n", "\n").replace("\\r", "\r")
    } else {
        value.to_owned()
    };
    Some((value, &inner[end + 1..]))
}

/// Fills in `$NAME`, `${NAME}` and `${NAME:-default}`; `\$` is a dollar sign.
struct Expansion<'a> {
    outer: &'a [&'a BTreeMap<String, String>],
    own: &'a BTreeMap<String, String>,
}

impl Expansion<'_> {
    fn value(&self, name: &str) -> String {
        let mut open = BTreeSet::new();
        self.lookup_own(name, &mut open).unwrap_or_default()
    }

    fn lookup(&self, name: &str, open: &mut BTreeSet<String>) -> Option<String> {
        let outer = self.outer.iter().find_map(|values| values.get(name)).cloned();
        outer.or_else(|| self.lookup_own(name, open))
    }

    /// A variable that refers to itself is empty there.
    fn lookup_own(&self, name: &str, open: &mut BTreeSet<String>) -> Option<String> {
        let value = self.own.get(name)?;
        if !open.insert(name.to_owned()) {
            return None;
        }
        let expanded = self.expand(value, open);
        open.remove(name);
        Some(expanded)
    }

    fn expand(&self, text: &str, open: &mut BTreeSet<String>) -> String {
        let mut result = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, after) = (&rest[..at], &rest[at + 1..]);
            if let Some(before) = before.strip_suffix('\\') {
                result.push_str(before);
                result.push('$');
                rest = after;
                continue;
            }
            result.push_str(before);
            match reference(after) {
                Some((name, default, tail)) => {
                    let value = self.lookup(name, open).filter(|value| !value.is_empty());
                    result.push_str(
                        &value
                            .or_else(|| default.map(|text| self.expand(text, open)))
                            .unwrap_or_default(),
                    );
                    rest = tail;
                }
                None => {
                    result.push('$');
                    rest = after;
                }
            }
        }
        result.push_str(rest);
        result
    }
}

/// The name, the default and what comes after them.
fn reference(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let name_end = |text: &str| {
        text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(text.len())
    };
    if let Some(inner) = text.strip_prefix('{') {
        let (name, rest) = inner.split_at(name_end(inner));
        if let Some(tail) = rest.strip_prefix('}') {
            return (!name.is_empty()).then_some((name, None, tail));
        }
        let default = rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-'))?;
        let mut depth = 1;
        let end = default.find(|c: char| {
            depth += match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            depth == 0
        })?;
        return Some((name, Some(&default[..end]), &default[end + 1..]));
    }
    let end = name_end(text);
    (end > 0).then(|| (&text[..end], None, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(files: &[(&str, &str)], node_env: &str, process: &[(&str, &str)]) -> BTreeMap<String, String> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        let process = process
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        load_env_files(folder.path(), node_env, &process)
            .expect("readable files")
            .values
    }

    #[test]
    fn values_are_written_in_many_ways() {
        let values = load(
            &[(
                ".env",
                "# comment\nPLAIN=a b # note\nexport EXPORTED = x\nEMPTY=\nSINGLE='$RAW # no'\nDOUBLE=\"line\\nbreak\"\n\
                 LONG=\"one\ntwo\" # after\nTICK=`it's \"both\"`\nYAML: y\nnot a line\nQUOTE=\"say \\\"hi\\\"\"\nRAW=raw\r\nLAST=1\nBROKEN=\"no end",
            )],
            "production",
            &[],
        );
        let expected = [
            ("PLAIN", "a b"),
            ("EXPORTED", "x"),
            ("EMPTY", ""),
            ("SINGLE", "raw # no"),
            ("DOUBLE", "line\nbreak"),
            ("LONG", "one\ntwo"),
            ("TICK", "it's \"both\""),
            ("YAML", "y"),
            ("RAW", "raw"),
            ("LAST", "1"),
            ("BROKEN", "\"no end"),
            ("QUOTE", "say \\\"hi\\\""),
        ];
        for (name, value) in expected {
            assert_eq!(values.get(name).map(String::as_str), Some(value), "{name}");
        }
    }

    #[test]
    fn the_nearer_file_wins_and_the_process_over_all() {
        let files = [
            (".env", "A=1\nB=1\nC=1\nD=1"),
            (".env.production", "B=2\nC=2\nD=2"),
            (".env.local", "C=3\nD=3"),
            (".env.production.local", "D=4"),
        ];
        let values = load(&files, "production", &[("A", "process")]);
        assert_eq!(values.get("A"), None, "the process has it already");
        assert_eq!([&values["B"], &values["C"], &values["D"]], ["2", "3", "4"]);
        assert_eq!(
            load(&files, "test", &[])["C"],
            "1",
            "tests do not depend on a machine's own settings"
        );
    }

    #[test]
    fn references_are_filled_in() {
        let values = load(
            &[
                (
                    ".env",
                    "URL=http://$HOST:${PORT}/${PATH_:-x${PORT}}\nPORT=1\nPRICE=\\$5\nLOOP=a$LOOP\nA=$B\nB=$A.\nEND=5$\nODD=${",
                ),
                (".env.local", "PORT=2"),
            ],
            "development",
            &[("HOST", "h")],
        );
        assert_eq!(values["URL"], "http://h:2/x2");
        assert_eq!(values["PRICE"], "$5");
        assert_eq!(values["LOOP"], "a");
        assert_eq!((values["A"].as_str(), values["B"].as_str()), (".", "."));
        assert_eq!((values["END"].as_str(), values["ODD"].as_str()), ("5$", "${"));
    }
}
