//! Cases, and how they are told to a node.
//!
//! In: scripts. Out: what was asked in which case, and what was answered.

use std::path::Path;

use super::case::{Bank, Case, Stopped};
use super::cases;
use super::node::{Answer, Node, Program};
use super::script::{self, Script};

/// Cases that are told to one node, one after the other.
#[derive(Clone)]
pub(crate) struct Chapter {
    pub(crate) name: String,
    /// Whether anything is left to chance, so that ids, keys and addresses have other values each time.
    pub(crate) chance: bool,
    /// Options of the node.
    options: Vec<String>,
    /// Blocks that the bank makes first.
    blocks: u32,
    cases: Cases,
}

/// A case: asks until it ends or cannot go on.
pub(crate) type Tell = fn(&mut Case<'_>) -> Result<(), Stopped>;

/// Cases in the language of `script`, or as functions.
#[derive(Clone)]
enum Cases {
    Scripts(Vec<Script>),
    Functions(&'static [(&'static str, Tell)]),
}

/// A question, and its answer.
pub(crate) struct Step {
    /// As it is written: the method, its parameters, and the wallet.
    pub(crate) asked: String,
    pub(crate) answer: Answer,
}

impl Step {
    pub(crate) fn method(&self) -> &str {
        self.asked.split(' ').next().unwrap_or_default()
    }
}

/// A case that was told.
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
    /// Why it did not come to its end.
    pub(crate) stopped: Option<String>,
}

impl Chapter {
    /// All chapters: the files of a folder, and those that are functions.
    pub(crate) fn all() -> Result<Vec<Chapter>, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/cases");
        let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
        let mut chapters = Vec::new();
        for file in std::fs::read_dir(&folder).map_err(wrong)? {
            let path = file.map_err(wrong)?.path();
            if path.extension().is_none_or(|extension| extension != "txt") {
                continue;
            }
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            let text = std::fs::read_to_string(&path).map_err(wrong)?;
            let (words, scripts) = script::read(&text).map_err(|error| format!("{name}: {error}"))?;
            chapters.push(Chapter::new(name, &words, Cases::Scripts(scripts))?);
        }
        for (name, words, functions) in cases::CHAPTERS {
            chapters.push(Chapter::new(name, words, Cases::Functions(functions))?);
        }
        chapters.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(chapters)
    }

    fn new(name: &str, words: &str, cases: Cases) -> Result<Chapter, String> {
        let mut chapter =
            Chapter { name: name.to_owned(), chance: false, options: Vec::new(), blocks: 0, cases };
        for word in words.split_whitespace() {
            match word.strip_prefix("blocks=") {
                Some(blocks) => chapter.blocks = blocks.parse().map_err(|_| format!("{word}: no number"))?,
                None if word == "chance" => chapter.chance = true,
                None => chapter.options.push(word.to_owned()),
            }
        }
        Ok(chapter)
    }

    /// A question as far as it is written the same each time: functions write ids, which chance may give.
    pub(crate) fn as_written<'a>(&self, step: &'a Step) -> &'a str {
        match self.cases {
            Cases::Functions(_) if self.chance => step.method(),
            _ => &step.asked,
        }
    }

    /// Tells all cases to a new node.
    pub(crate) fn tell(&self, program: &Program) -> Result<Vec<Told>, String> {
        let mut node = Node::start(program, &self.options)?;
        let mut bank = Bank::default();
        let mut prepare = Case::new(&mut node, &mut bank);
        let prepared = prepare.clock(0).and_then(|()| prepare.mine(self.blocks));
        prepared.map_err(|Stopped(why)| format!("{}: {why}", self.name))?;
        let mut told = Vec::new();
        let mut tell = |name: &str, run: &dyn Fn(&mut Case<'_>) -> Result<(), Stopped>| {
            let mut case = Case::new(&mut node, &mut bank);
            let stopped = run(&mut case).err().map(|Stopped(why)| why);
            told.push(Told { name: name.to_owned(), steps: case.steps, stopped });
        };
        match &self.cases {
            Cases::Scripts(scripts) => {
                scripts.iter().for_each(|script| tell(&script.name, &|case| script.run(case)));
            }
            Cases::Functions(functions) => functions.iter().for_each(|(name, run)| tell(name, run)),
        }
        Ok(told)
    }
}
