//! The command `logging`.
//!
//! In: names of categories. Out: the log of this process has more or less of them from now on.

use bitcoin_init::logging::Log;
use serde_json::Value;

use super::command::Kind::List;
use super::command::{Call, Command, arg, command};
use super::error::{Answer, failed, invalid};
use super::value;

pub(super) const COMMANDS: &[Command] = &[command(
    "control",
    "logging",
    "Tells of which categories more is logged than the usual, and switches them: first those to include, then \
     those to exclude. \"all\" and \"1\" are all of them. Besides Bitcoin Core's there are \"node\" and \
     \"wallet\".",
    logging,
)
.args(&[
    arg("include", List, "Categories to log.").optional().shape("[\"include_category\",...]"),
    arg("exclude", List, "Categories not to log.").optional().shape("[\"exclude_category\",...]"),
])];

fn logging(call: &Call<'_>) -> Answer {
    let Some(log) = Log::of_process() else { return failed("This process has no log of its own") };
    for (position, on) in [(0, true), (1, false)] {
        for name in call.get(position).map(value::list).transpose()?.into_iter().flatten() {
            let name = value::text(name)?;
            if !log.switch(name, on) {
                return invalid(format!("unknown logging category {name}"));
            }
        }
    }
    let row = |(name, on): (&str, bool)| (name.to_owned(), Value::from(on));
    Ok(Value::Object(log.categories().into_iter().map(row).collect()))
}
