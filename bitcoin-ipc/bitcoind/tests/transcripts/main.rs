//! Our node and wallets give Bitcoin Core's answers: values, not shapes.
//!
//! In: scripted cases, and what Bitcoin Core answered to them, which `recorded` keeps. Out: every
//! answer of ours that is another one, unless `allowed` says why it may be.
//!
//! The recording needs no Bitcoin Core to be compared with. `BITCOIN_NODE` names a `bitcoin-node` of v32
//! with wallets; then the recording itself is compared with it too, and `MP_TRANSCRIPT=write` makes it anew.
//! `MP_TRANSCRIPT=all` shows also the answers that are others on purpose or by chance.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod allowed;
mod branch;
mod case;
mod cases;
mod chapter;
mod compare;
mod fields;
mod mistakes;
mod node;
mod plain;
mod renamed;
mod script;
mod steps;
mod tape;
mod variables;

use libtest_mimic::{Arguments, Failed, Trial};

use chapter::Chapter;
use node::Program;

fn main() {
    let core = std::env::var_os("BITCOIN_NODE").map(Program::Core);
    let (write, all) = match std::env::var("MP_TRANSCRIPT").as_deref() {
        Ok("write") => (true, false),
        Ok("all") => (false, true),
        Ok(other) => panic!("MP_TRANSCRIPT is {other}; it can be: write, all"),
        Err(_) => (false, false),
    };
    let mut trials = Vec::new();
    let chapters = Chapter::all().unwrap_or_else(|error| panic!("{error}"));
    for chapter in chapters {
        let name = chapter.name.clone();
        match (&core, write) {
            (Some(core), true) => {
                let core = core.clone();
                let record = move || Ok(tape::write(&chapter, &chapter.tell(&core)?)?);
                trials.push(Trial::test(format!("{name}_is_recorded"), record));
                continue;
            }
            (None, true) => {
                panic!("MP_TRANSCRIPT=write needs BITCOIN_NODE: a bitcoin-node of v32 with wallets")
            }
            (Some(core), false) => {
                let core = core.clone();
                let chapter = chapter.clone();
                let same = move || like_the_recording(&chapter, &core, false);
                trials.push(Trial::test(format!("{name}_is_what_core_says"), same));
            }
            (None, false) => {}
        }
        trials.push(Trial::test(name, move || like_the_recording(&chapter, &Program::Ours, all)));
    }
    for (name, check) in renamed::CHECKS {
        trials.push(Trial::test(*name, || {
            check();
            Ok(())
        }));
    }
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials).exit();
}

/// Tells a chapter to a program, and compares what it says with what is recorded: all of it, or what is not another
/// one on purpose or by chance.
fn like_the_recording(chapter: &Chapter, program: &Program, all: bool) -> Result<(), Failed> {
    let told = chapter.tell(program)?;
    let recorded = tape::read(chapter)?;
    let mut differences = compare::differences(chapter, &recorded, &told, all);
    for (case, step) in told.iter().flat_map(|case| case.steps.iter().map(move |step| (case, step))) {
        let Ok(answer) = &step.answer else { continue };
        if let Err(fault) = fields::check(step.method(), answer) {
            differences.push(format!("{}: {}: fields: {fault}", case.name, step.method()));
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(format!("{} differences\n{}", differences.len(), differences.join("\n")).into())
}
