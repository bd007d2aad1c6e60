//! The drivers where there is no server, or one that says nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::path::Path;
use std::time::Duration;

use mp_foreign::{Plan, sv2, v30, v31, v32};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn a_server_that_is_silent_or_absent_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path: &Path = &dir.path().join("n.sock");
    let plan = Plan { step: Duration::from_millis(50), ..Plan::default() };
    let all = || async {
        let sv2 = sv2::drive(path, sv2::Version::V31X, &plan, async || ()).await.unwrap_err();
        let [v30, v31, v32] = [
            v30::drive(path, &plan).await.unwrap_err(),
            v31::drive(path, &plan).await.unwrap_err(),
            v32::drive(path, &plan).await.unwrap_err(),
        ];
        [sv2, v30, v31, v32]
    };
    for error in run(all()) {
        assert!(error.starts_with("connect: ") || error.starts_with("start: "), "{error}");
    }
    let _listener = std::os::unix::net::UnixListener::bind(path).unwrap();
    for error in run(all()) {
        assert!(error.ends_with("no answer within 50ms"), "{error}");
    }
}
