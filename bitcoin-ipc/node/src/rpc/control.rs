//! Commands about the server itself.
//!
//! In: calls. Out: help, times, memory, and the end of the node.

use std::time::Duration;

use bitcoin::Network;
use serde_json::{Value, json};

use super::command::Kind::{Any, Number, Text};
use super::command::{Arg, Call, Command, Run, arg, command};
use super::error::{Answer, failed, invalid};
use super::serve::Running;
use super::{Params, Shared, lock};

const CONTROL: &str = "control";
const HIDDEN: &str = "hidden";

const ECHO: &[Arg] = &[
    arg("arg0", Any, "").optional().shape("\"arg0\""),
    arg("arg1", Any, "").optional().shape("\"arg1\""),
    arg("arg2", Any, "").optional().shape("\"arg2\""),
    arg("arg3", Any, "").optional().shape("\"arg3\""),
    arg("arg4", Any, "").optional().shape("\"arg4\""),
    arg("arg5", Any, "").optional().shape("\"arg5\""),
    arg("arg6", Any, "").optional().shape("\"arg6\""),
    arg("arg7", Any, "").optional().shape("\"arg7\""),
    arg("arg8", Any, "").optional().shape("\"arg8\""),
    arg("arg9", Any, "").optional().shape("\"arg9\""),
];

pub(super) const COMMANDS: &[Command] = &[
    server(CONTROL, "help", "Lists all commands, or tells what one takes.", help).args(&[arg(
        "command",
        Text,
        "The command to tell about.",
    )
    .default("all commands")]),
    express("stop", "Asks the node to stop.", stop).args(&[arg(
        "wait",
        Number,
        "How long to wait before the answer, in milliseconds.",
    )
    .hidden()]),
    express("uptime", "Gives the seconds since the start of the server.", uptime),
    express("getrpcinfo", "Tells what the server is doing.", rpc_info),
    command(CONTROL, "getmemoryinfo", "Tells how much memory is locked.", memory_info).args(&[arg(
        "mode",
        Text,
        "\"stats\" for numbers; \"mallocinfo\" is not available.",
    )
    .default("\"stats\"")]),
    command(HIDDEN, "echo", "Gives back its arguments.", echo).args(ECHO),
    command(HIDDEN, "echojson", "Gives back its arguments.", echo).args(ECHO),
    command(HIDDEN, "setmocktime", "Sets the clock, for tests on regtest.", set_mock_time).args(&[arg(
        "timestamp",
        Number,
        "Seconds since 1970; 0 for the real time.",
    )]),
];

const fn server(
    category: &'static str,
    name: &'static str,
    about: &'static str,
    run: fn(&Shared, &Params) -> Answer,
) -> Command {
    Command::new(category, name, about, Run::Server(run))
}

const fn express(
    name: &'static str,
    about: &'static str,
    run: fn(&Shared, &Params) -> Answer<(Value, Duration)>,
) -> Command {
    Command::new(CONTROL, name, about, Run::Express(run))
}

fn help(shared: &Shared, params: &Params) -> Answer {
    match params.text_or(0, "")? {
        "dump_all_command_conversions" => Ok(shared.registry.conversions(&shared.guests)),
        name => Ok(shared.registry.help(&shared.guests, name).into()),
    }
}

fn stop(shared: &Shared, params: &Params) -> Answer<(Value, Duration)> {
    shared.options.shutdown.request();
    if let Some(state) = shared.state.get() {
        state.shutdown().request();
    }
    let pause = params.get(0).and_then(Value::as_u64).unwrap_or(0);
    Ok(("Bitcoin node stopping".into(), Duration::from_millis(pause)))
}

fn uptime(shared: &Shared, _: &Params) -> Answer<(Value, Duration)> {
    Ok((shared.started.elapsed().as_secs().into(), Duration::ZERO))
}

fn rpc_info(shared: &Shared, _: &Params) -> Answer<(Value, Duration)> {
    let running = lock(&shared.running);
    let row = |running: &Running| {
        let duration = u64::try_from(running.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        json!({ "method": running.method, "duration": duration })
    };
    let active: Vec<_> = running.values().map(row).collect();
    let info = json!({ "active_commands": active, "logpath": shared.options.log_file });
    Ok((info, Duration::ZERO))
}

fn memory_info(call: &Call<'_>) -> Answer {
    match call.text_or(0, "stats")? {
        // No memory is locked: keys are in the wallet's process.
        "stats" => Ok(json!({ "locked": {
            "used": 0, "free": 0, "total": 0, "locked": 0, "chunks_used": 0, "chunks_free": 0,
        } })),
        "mallocinfo" => invalid("mallocinfo mode not available"),
        mode => invalid(format!("unknown mode {mode}")),
    }
}

fn echo(call: &Call<'_>) -> Answer {
    Ok(call.params.0.iter().take(call.given).cloned().collect())
}

fn set_mock_time(call: &Call<'_>) -> Answer {
    if call.state.network() != Network::Regtest {
        return failed("setmocktime is for regression testing (-regtest mode) only");
    }
    let time: i64 = call.int(0)?;
    let Ok(seconds) = u32::try_from(time) else {
        return invalid(format!("Mocktime must be in the range [0, {}], not {time}.", u32::MAX));
    };
    call.state.clock().set_mock_time(seconds.into());
    if let Some(tell) = &*lock(&call.shared.mock_time) {
        tell(time);
    }
    Ok(Value::Null)
}
