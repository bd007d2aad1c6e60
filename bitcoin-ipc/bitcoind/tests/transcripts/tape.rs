//! What Bitcoin Core answered, kept in a file for each chapter.
//!
//! In: told cases. Out: lines of JSON, one for each case and one for each answer; and back.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::chapter::{Chapter, Step, Told};

fn path(chapter: &Chapter) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/recorded");
    folder.join(format!("{}.jsonl", chapter.name))
}

/// Keeps what was told.
pub(crate) fn write(chapter: &Chapter, told: &[Told]) -> Result<(), String> {
    let mut text = String::new();
    let mut line = |value: Value| writeln!(text, "{value}").map_err(|error| error.to_string());
    for case in told {
        if let Some(why) = &case.stopped {
            return Err(format!("{} did not come to its end: {why}", case.name));
        }
        line(json!({ "case": case.name }))?;
        for step in &case.steps {
            line(match &step.answer {
                Ok(answer) => json!([step.asked, answer]),
                Err((code, message)) => json!([step.asked, code, message]),
            })?;
        }
    }
    std::fs::write(path(chapter), text).map_err(|error| format!("{}: {error}", path(chapter).display()))
}

/// What was kept.
pub(crate) fn read(chapter: &Chapter) -> Result<Vec<Told>, String> {
    let path = path(chapter);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        format!("{}: {error}; MP_TRANSCRIPT=write with BITCOIN_NODE makes it", path.display())
    })?;
    let mut told: Vec<Told> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let wrong = || format!("{}:{}: not a line of a recording", path.display(), number + 1);
        let value: Value = serde_json::from_str(line).map_err(|_| wrong())?;
        if let Some(name) = value.get("case") {
            let name = name.as_str().ok_or_else(wrong)?.to_owned();
            told.push(Told { name, steps: Vec::new(), stopped: None });
            continue;
        }
        let (asked, answer) = match value.as_array().map(Vec::as_slice) {
            Some([Value::String(asked), answer]) => (asked, Ok(answer.clone())),
            Some([Value::String(asked), code, Value::String(message)]) => {
                (asked, Err((code.as_i64().ok_or_else(wrong)?, message.clone())))
            }
            _ => return Err(wrong()),
        };
        let step = Step { asked: asked.clone(), answer };
        told.last_mut().ok_or_else(wrong)?.steps.push(step);
    }
    Ok(told)
}
