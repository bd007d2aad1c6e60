//! What the spawned programs have in common.
//!
//! In: the program's arguments and its first interface. Out: the interface at the parent's
//! service, until the parent leaves.

use std::process::ExitCode;
use std::sync::Arc;

use mp_runtime::{EventLoop, Result, parent_stream, serve_parent};

use crate::InitInterface;

/// Runs a spawned program: serves `init` to the parent whose descriptor the arguments name.
pub fn serve_as_child(program: &str, init: impl InitInterface + 'static) -> ExitCode {
    crate::start_log(false);
    let args = std::env::args_os().skip(1);
    let served = parent_stream(args)
        .and_then(|stream| stream.map_or(Ok(false), |stream| serve(program, stream, init).map(|()| true)));
    match served {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!(
                "{program} is started by mpexample, which passes it a connected socket.\n\n\
                 Usage: {program} <descriptor>\n       {program} -ipcfd <descriptor>"
            );
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("{program}: {}", error.text());
            ExitCode::FAILURE
        }
    }
}

fn serve(
    program: &str,
    stream: std::os::unix::net::UnixStream,
    init: impl InitInterface + 'static,
) -> Result<()> {
    let event_loop = EventLoop::new(program)?;
    serve_parent::<dyn InitInterface>(&event_loop, stream, Arc::new(init))
}
