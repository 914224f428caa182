//! What the fuzzing programs share: numbers that look random and can be had again by their seed, mutations of bytes, the corpus,
//! and the clock. They need nothing but stable Rust and run as long as they are told; a finding is a file that is written
//! and a panic that names it.

use anyhow::{Context as _, Result};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Numbers that follow from the seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end.max(1) as u64).unwrap_or_default()
    }

    /// One of a list that is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let at = self.below(list.len());
        &list[at]
    }

    /// Any byte.
    pub fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap_or_default()
    }

    /// True once in so many times.
    pub fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == 0
    }
}

/// Changes bytes in a few places: others, fewer, more, twice, or a word of the dictionary.
pub fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>, words: &[&[u8]]) {
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(6) {
            0 if at < bytes.len() => bytes[at] = dice.byte(),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 => bytes.insert(at, dice.byte()),
            3 => {
                let end = (at + dice.below(20)).min(bytes.len());
                let piece = bytes[at.min(end)..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => bytes.truncate(at),
            _ => {
                let word = dice.pick(words).to_vec();
                bytes.splice(at..at, word);
            }
        }
    }
}

/// How a target is fuzzed.
#[derive(Debug)]
pub struct Session {
    name: &'static str,
    until: Instant,
    dice: Dice,
    corpus: Vec<Vec<u8>>,
}

impl Session {
    /// Reads `[MINUTES] [SEED]` and the corpus, from the repository's root.
    ///
    /// # Errors
    /// When an argument is no number or the corpus can't be read.
    pub fn begin(name: &'static str, arguments: &[String]) -> Result<Self> {
        let minutes: f64 = arguments
            .first()
            .map_or(Ok(1.0), |text| text.parse())
            .context("MINUTES is no number")?;
        let seed: u64 = arguments
            .get(1)
            .map_or(Ok(1), |text| text.parse())
            .context("SEED is no number")?;
        let folder = Path::new("fuzz/corpus").join(name);
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .with_context(|| format!("{} can't be read; run this from the repository's root", folder.display()))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        files.sort();
        let corpus = files.iter().map(fs::read).collect::<Result<_, _>>()?;
        Ok(Self {
            name,
            until: Instant::now() + Duration::from_secs_f64(minutes * 60.0),
            dice: Dice::new(seed),
            corpus,
        })
    }

    /// Tries the corpus, then what `make` writes, until the time is over. Returns the number of inputs that were tried.
    ///
    /// # Errors
    /// At the first input for which `check` panics; the input is written to `fuzz/findings`.
    pub fn run(mut self, make: impl Fn(&mut Dice, &[Vec<u8>]) -> Vec<u8>, check: impl Fn(&[u8], &mut Dice)) -> Result<u64> {
        let mut count = 0;
        for input in self.corpus.clone() {
            self.attempt(&input, &check)?;
            count += 1;
        }
        while Instant::now() < self.until {
            // The clock is asked once for many inputs.
            for _ in 0..256 {
                let input = make(&mut self.dice, &self.corpus);
                self.attempt(&input, &check)?;
                count += 1;
            }
        }
        Ok(count)
    }

    fn attempt(&mut self, input: &[u8], check: &impl Fn(&[u8], &mut Dice)) -> Result<()> {
        let mut dice = self.dice.clone();
        let began = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| check(input, &mut dice)));
        self.dice = dice;
        let slow = began.elapsed() > Duration::from_secs(2);
        if done.is_ok() && !slow {
            return Ok(());
        }
        let folder = Path::new("fuzz/findings").join(self.name);
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("finding-{}", self.dice.below(usize::MAX)));
        fs::write(&file, input)?;
        anyhow::bail!(
            "{}: {} {:?}",
            if slow { "slow" } else { "wrong" },
            file.display(),
            String::from_utf8_lossy(input)
        );
    }
}
