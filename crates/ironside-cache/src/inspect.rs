//! Looking at what is stored without touching it: for operators, who want to know what a lookup would find and why. Nothing is
//! counted, begun, loaded or removed by it. What an entry is worth is judged by the function that judges it for a lookup.

use crate::cache::{Cache, is_older};
use crate::freshness::{self, Freshness};
use crate::key::Key;
use crate::store::{Store, Summary};
use rustc_hash::FxHashMap;
use std::sync::Arc;

type Noted = FxHashMap<Key, (Summary, Vec<Place>)>;

fn note(found: &mut Noted, place: Place, summary: Summary) {
    match found.get_mut(&summary.key) {
        Some((_, places)) => places.push(place),
        None => drop(found.insert(summary.key.clone(), (summary, vec![place]))),
    }
}

/// Where an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the memory of the process, where it is looked for first.
    Memory,
    /// In the store behind it.
    Disk,
    /// Among what the build has made.
    Build,
}

impl Place {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Build => "build",
        }
    }
}

/// An entry without its content, and what it is worth now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// What it is.
    pub summary: Summary,
    /// All places where it is; the first is the one that a lookup finds it in.
    pub places: Vec<Place>,
    /// What it is worth.
    pub freshness: Freshness,
    /// Milliseconds since it was stored.
    pub age_millis: u64,
}

impl Cache {
    /// What a lookup of this key would find now.
    pub async fn inspect(&self, key: &Key) -> Option<Inspected> {
        let mut found = Vec::new();
        if let Some(entry) = self.0.memory.peek(key) {
            found.push((Place::Memory, entry.summary(key)));
        }
        let built = self.0.prerendered.describe(key, self.now());
        let hides_build = |store: &&Arc<dyn Store>| {
            let is_older = built
                .as_ref()
                .is_some_and(|built| is_older(store.as_ref(), key, built.started));
            store.may_have(key) && !is_older
        };
        match self.0.store.as_ref().filter(hides_build) {
            Some(store) => match tokio::time::timeout(self.0.options.store_wait, store.describe(key)).await {
                Ok(Ok(summary)) => found.extend(summary.map(|summary| (Place::Disk, summary))),
                Ok(Err(error)) => tracing::warn!(%error, "the store behind memory could not be read"),
                Err(_) => tracing::warn!("the store behind memory did not answer in time"),
            },
            // What was stored since the build is newer, so a lookup does not ask the build either.
            None => found.extend(built.map(|summary| (Place::Build, summary))),
        }
        let is_alive = |(_, summary): &(Place, Summary)| !matches!(self.judge(summary), Freshness::Dead(_));
        let chosen = found.iter().position(is_alive).or((!found.is_empty()).then_some(0))?;
        let places = found.iter().skip(chosen).map(|(place, _)| *place).collect();
        Some(self.inspected(found.swap_remove(chosen).1, places))
    }

    /// Everything that is stored, in no order. Reads all of it: not for the path of a request.
    pub async fn inventory(&self) -> Vec<Inspected> {
        let mut found = Noted::default();
        for (key, entry) in self.0.memory.iter() {
            note(&mut found, Place::Memory, entry.summary(&key));
        }
        if let Some(store) = &self.0.store {
            match store.list().await {
                Ok(listed) => listed.into_iter().for_each(|summary| note(&mut found, Place::Disk, summary)),
                Err(error) => tracing::warn!(%error, "the store behind memory could not be listed"),
            }
        }
        for summary in self.0.prerendered.list(self.now()) {
            match found.get(&summary.key) {
                // What was stored on disk since is newer, and hides it.
                Some((kept, places)) if places.contains(&Place::Disk) && kept.started >= summary.started => continue,
                // It is of an earlier build, and no lookup finds it any more.
                Some((_, places)) if *places == [Place::Disk] => drop(found.remove(&summary.key)),
                _ => {}
            }
            note(&mut found, Place::Build, summary);
        }
        let all = found.into_values();
        all.map(|(summary, places)| self.inspected(summary, places)).collect()
    }

    /// Whether somebody fills the key just now.
    #[must_use]
    pub fn is_filling(&self, key: &Key) -> bool {
        self.0.flights.has(key)
    }

    fn judge(&self, summary: &Summary) -> Freshness {
        freshness::judge_summary(summary, &self.0.tags, self.now())
    }

    fn inspected(&self, summary: Summary, places: Vec<Place>) -> Inspected {
        Inspected {
            freshness: self.judge(&summary),
            age_millis: self.now().millis_since(summary.committed),
            places,
            summary,
        }
    }
}
