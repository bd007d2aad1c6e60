//! Two small logs, of a node and of its wallet, become one.
//!
//! In: logs as the two programs write them. Out: what `combine` makes of them.

use bitcoin_ipc_cli::combine_logs::{CombineOptions, Input, combine, style};

const NODE: &str = "\
2026-11-21T10:00:00.000001Z Bitcoin node version 1
2026-11-21T10:00:00.000100Z [ipc:debug] IPC client send WalletLoader.load connection=1 call=1 bytes=16
2026-11-21T10:00:00.000130Z [ipc:debug] IPC server recv request Chain.getHeight connection=1 call=2 bytes=8
2026-11-21T10:00:00.000135Z [node:info] height asked
  a line that goes on
2026-11-21T10:00:00.000140Z [ipc:debug] IPC server send response Chain.getHeight connection=1 call=2 micros=10 bytes=8
2026-11-21T10:00:00.000300Z [ipc:debug] IPC client recv WalletLoader.load connection=1 call=1 micros=200 bytes=8
2026-11-21T10:00:00.000400Z [node:info] loaded
2026-11-21T10:00:00.000500Z [ipc:debug] IPC client send WalletLoader.load connection=1 call=3 bytes=16
";

const WALLET: &str = "\
2026-11-21T10:00:00.000110Z [ipc:debug] IPC server recv request WalletLoader.load connection=1 call=1 bytes=16
2026-11-21T10:00:00.000120Z [ipc:debug] IPC client send Chain.getHeight connection=1 call=2 bytes=8
2026-11-21T10:00:00.000150Z [ipc:debug] IPC client recv Chain.getHeight connection=1 call=2 micros=30 bytes=8
2026-11-21T10:00:00.000290Z [ipc:debug] IPC server send response WalletLoader.load connection=1 call=1 micros=180 bytes=8
";

fn inputs() -> Vec<Input<'static>> {
    vec![
        Input::new("node0", NODE.as_bytes()).style(style(0, false)),
        Input::new("wall0", WALLET.as_bytes()).style(style(0, true)),
    ]
}

/// The lines without their times.
fn short(out: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(out).expect("text");
    text.lines().map(|line| line.replace("2026-11-21T10:00:00.", "").replace(" connection=1", "")).collect()
}

#[test]
fn lines_come_by_time() {
    let mut out = Vec::new();
    let summary = combine(inputs(), &CombineOptions::default(), &mut out).expect("a result");
    assert_eq!((summary.lines, summary.shown), (13, 13));
    let lines = short(&out);
    assert_eq!(lines[0], "node0 000001Z Bitcoin node version 1");
    assert_eq!(lines[6], "node0   a line that goes on");
    assert!(lines[2].starts_with("wall0 000110Z [ipc:debug] IPC server recv"), "{lines:?}");
}

#[test]
fn requests_meet_their_responses() {
    let mut options = CombineOptions::default();
    options.pair = true;
    options.colour = true;
    let mut out = Vec::new();
    let summary = combine(inputs(), &options, &mut out).expect("a result");
    assert_eq!((summary.paired, summary.unpaired, summary.unanswered), (2, 1, 1));
    let lines = short(&out);
    let ends = |at: usize, end: &str| assert!(lines[at].ends_with(end), "{}", lines[at]);
    ends(1, "{WalletLoader.load#1}\u{1b}[0m");
    ends(2, "{WalletLoader.load#1}\u{1b}[0m");
    ends(8, "{Chain.getHeight#1, 30 us, 10 us of them at the server}\u{1b}[0m");
    ends(9, "{WalletLoader.load#1, 180 us}\u{1b}[0m");
    ends(10, "{WalletLoader.load#1, 200 us, 180 us of them at the server}\u{1b}[0m");
    ends(12, "{WalletLoader.load#2}\u{1b}[0m");
    assert!(lines[2].starts_with("\u{1b}[1m\u{1b}[36mwall0 "), "{:?}", lines[2]);
}

#[test]
fn one_call_is_followed() {
    let mut options = CombineOptions::default();
    options.follow = Some("WalletLoader.load#1".parse().expect("a call"));
    let mut out = Vec::new();
    let summary = combine(inputs(), &options, &mut out).expect("a result");
    assert_eq!(summary.shown, 10);
    let lines = short(&out);
    assert!(lines[0].contains("IPC client send WalletLoader.load"), "{lines:?}");
    assert!(lines[5].contains("a line that goes on"), "{lines:?}");
    assert!(lines[9].contains("IPC client recv WalletLoader.load"), "{lines:?}");
    options.follow = Some("Chain.getHeight#1".parse().expect("a call"));
    let mut out = Vec::new();
    let summary = combine(inputs(), &options, &mut out).expect("a result");
    assert_eq!(summary.shown, 6, "{}", String::from_utf8_lossy(&out));
}

const ASKED: &str = "\
2026-11-21T10:00:00.000100Z [ipc:debug] IPC server recv request Rpc.executeRpc connection=2 call=1 bytes=16
2026-11-21T10:00:00.000110Z [ipc:debug] IPC client send ActorCallback.call connection=1 call=2 bytes=16
2026-11-21T10:00:00.000190Z [ipc:debug] IPC client recv ActorCallback.call connection=1 call=2 micros=80 bytes=16
2026-11-21T10:00:00.000200Z [ipc:debug] IPC server send response Rpc.executeRpc connection=2 call=1 micros=100 bytes=16
2026-11-21T10:00:00.000210Z [node:info] idle
";

const ANSWERED: &str = "\
2026-11-21T10:00:00.000105Z [wallet:info] idle
2026-11-21T10:00:00.000120Z [ipc:debug] IPC server recv request ActorCallback.call connection=1 call=1 bytes=16
2026-11-21T10:00:00.000150Z [wallet:info] paid
2026-11-21T10:00:00.000180Z [ipc:debug] IPC server send response ActorCallback.call connection=1 call=1 micros=60 bytes=16
2026-11-21T10:00:00.000205Z [wallet:info] idle again
";

#[test]
fn a_call_is_followed_into_the_processes_that_it_reaches() {
    let mut options = CombineOptions::default();
    options.follow = Some("Rpc.executeRpc".parse().expect("a call"));
    let mut out = Vec::new();
    let inputs = vec![Input::new("node", ASKED.as_bytes()), Input::new("wallet", ANSWERED.as_bytes())];
    let summary = combine(inputs, &options, &mut out).expect("a result");
    assert_eq!(summary.shown, 7, "{}", String::from_utf8_lossy(&out));
    let lines = short(&out);
    assert!(lines[3].ends_with("[wallet:info] paid"), "{lines:?}");
    assert!(lines.iter().all(|line| !line.contains("idle")), "{lines:?}");
}
