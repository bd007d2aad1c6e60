//! The wrapper runs the right program, from the right place, with the right arguments.
//!
//! In: directories with programs that say how they were called. Out: what they say, and exit codes.
//!
//! `INSTA_UPDATE=always cargo test -p bitcoin-wrapper` writes the snapshots.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

/// One test at a time: a file that a test writes cannot be run while another test forks.
static TURN: Mutex<()> = Mutex::new(());

/// A program that says its path and arguments, with an exit code of its own.
const PROGRAM: &str = "#!/bin/sh\necho \"$0\"\nfor arg; do echo \"[$arg]\"; done\nexit 7\n";

/// A directory with `bin/bitcoin`, and with a home without configuration.
struct Install {
    dir: TempDir,
    _turn: MutexGuard<'static, ()>,
}

#[derive(Debug)]
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    /// The program that ran, without the directory of all, and its arguments.
    #[track_caller]
    fn ran(&self, install: &Install) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(7), ""), "{}", self.stdout);
        let root = format!("{}/", install.dir.path().display());
        self.stdout.replace(&root, "").trim_end().replace('\n', " ")
    }
}

impl Install {
    fn new(programs: &[&str]) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let install = Install { dir, _turn: turn };
        fs::create_dir_all(install.path("home/.bitcoin")).expect("a directory");
        for program in programs {
            install.write(program, PROGRAM);
            fs::set_permissions(install.path(program), fs::Permissions::from_mode(0o755)).expect("a change");
        }
        install.place("bin/bitcoin");
        install
    }

    /// Puts the wrapper to another place.
    fn place(&self, name: &str) {
        fs::create_dir_all(self.path(name).parent().expect("a parent")).expect("a directory");
        fs::hard_link(env!("CARGO_BIN_EXE_bitcoin"), self.path(name)).expect("a link");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().expect("a path").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().expect("a parent")).expect("a directory");
        fs::write(self.path(name), text).expect("a write");
    }

    fn run(&self, args: &str) -> Run {
        self.run_as(&self.path("bin/bitcoin"), args)
    }

    /// With a PATH of `bin` and `path` here.
    fn run_as(&self, wrapper: &Path, args: &str) -> Run {
        let output = Command::new(wrapper)
            .args(args.split_whitespace())
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", std::env::join_paths([self.path("bin"), self.path("path")]).expect("a PATH"))
            .output()
            .expect("a run");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

#[test]
fn commands_are_programs() {
    let names = [
        "bitcoind",
        "bitcoin-node",
        "bitcoin-qt",
        "bitcoin-gui",
        "bitcoin-cli",
        "bitcoin-wallet",
        "bitcoin-tx",
        "bitcoin-util",
        "bitcoin-chainstate",
        "bench_bitcoin",
        "test_bitcoin",
        "test_bitcoin-qt",
    ];
    let files = names.map(|name| format!("bin/{name}"));
    let install = Install::new(&files.each_ref().map(String::as_str));
    for (args, ran) in [
        ("node -regtest -m", "bin/bitcoind [-regtest] [-m]"),
        ("-M node -ipcbind=unix", "bin/bitcoind [-ipcbind=unix]"),
        ("-m node", "bin/bitcoin-node"),
        ("--multiprocess gui x", "bin/bitcoin-gui [x]"),
        ("gui", "bin/bitcoin-qt"),
        ("rpc -regtest getblock height=1", "bin/bitcoin-cli [-named] [-regtest] [getblock] [height=1]"),
        ("-m wallet info", "bin/bitcoin-wallet [info]"),
        ("tx -create", "bin/bitcoin-tx [-create]"),
        ("util --help", "bin/bitcoin-util [--help]"),
        ("chainstate dir", "bin/bitcoin-chainstate [dir]"),
        ("bench", "bin/bench_bitcoin"),
        ("test -v", "bin/test_bitcoin [-v]"),
        ("test-gui", "bin/test_bitcoin-qt"),
    ] {
        assert_eq!(install.run(args).ran(&install), ran, "{args}");
    }
}

#[test]
fn arguments_arrive_byte_for_byte() {
    let install = Install::new(&["bin/bitcoind"]);
    let odd: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(b"-x=\xff y".to_vec());
    let output = Command::new(install.path("bin/bitcoin"))
        .args(["-M", "node", "", "a b", "*"])
        .arg(&odd)
        .output()
        .expect("a run");
    assert!(output.stdout.ends_with(b"[]\n[a b]\n[*]\n[-x=\xff y]\n"), "{output:?}");
}

#[test]
fn ipc_options_choose_several_processes() {
    let install = Install::new(&["bin/bitcoind", "bin/bitcoin-node"]);
    let ran = |args: &str| install.run(args).ran(&install).split(' ').next().map(str::to_owned);
    for args in ["-ipcbind=unix", "--ipcconnect", "-noipcbind", "-regtest -ipcfd=3", "-ipcfd 3"] {
        assert_eq!(ran(&format!("node {args}")).as_deref(), Some("bin/bitcoin-node"), "{args}");
    }
    for args in ["", "-ipcbin=unix", "-regtest -par=x", "stop -ipcbind=unix"] {
        assert_eq!(ran(&format!("node {args}")).as_deref(), Some("bin/bitcoind"), "{args}");
    }
    install.write("home/.bitcoin/bitcoin.conf", "server=1\n[regtest]\nipcbind=unix\n");
    assert_eq!(ran("node -regtest").as_deref(), Some("bin/bitcoin-node"));
    assert_eq!(ran("node").as_deref(), Some("bin/bitcoind"), "another network");
    assert_eq!(ran("node -noconf -regtest").as_deref(), Some("bin/bitcoind"));
    install.write("other/my.conf", "ipcbind=unix\n");
    let other = install.path("other").display().to_string();
    assert_eq!(ran(&format!("node -datadir={other} -conf=my.conf")).as_deref(), Some("bin/bitcoin-node"));
    assert_eq!(ran(&format!("-M node -datadir={other} -conf=my.conf")).as_deref(), Some("bin/bitcoind"));
}

#[test]
fn a_configuration_that_cannot_be_read_is_left_to_the_program() {
    let install = Install::new(&["bin/bitcoind"]);
    install.write("home/.bitcoin/bitcoin.conf", "ipcbind\n");
    let run = install.run("node");
    assert!(run.stderr.starts_with("Warning: ") && run.stderr.contains("bitcoin.conf:1: "), "{run:?}");
    assert_eq!(run.code, Some(7));
    assert_eq!(Run { stderr: String::new(), ..run }.ran(&install), "bin/bitcoind");
    assert_eq!(install.run("-M node").ran(&install), "bin/bitcoind", "the file is not asked");
}

#[test]
fn places_in_their_order() {
    let install = Install::new(&["libexec/bitcoind", "bin/bitcoind", "path/bitcoind"]);
    let by_name = Path::new("bitcoin");
    assert_eq!(install.run("node").ran(&install), "libexec/bitcoind");
    fs::remove_file(install.path("libexec/bitcoind")).expect("a removal");
    assert_eq!(install.run("node").ran(&install), "bin/bitcoind");
    assert_eq!(install.run_as(by_name, "node").ran(&install), "bin/bitcoind");
    fs::remove_file(install.path("bin/bitcoind")).expect("a removal");
    assert_eq!(install.run_as(by_name, "node").ran(&install), "path/bitcoind");
    let run = install.run("node");
    let (libexec, bin) = (install.path("libexec"), install.path("bin"));
    let text = format!(
        "Error: there is no bitcoind in {}, {}; install it there\nTry 'bitcoin --help' for more information.\n",
        libexec.display(),
        bin.display()
    );
    assert_eq!((run.code, run.stdout.as_str(), run.stderr), (Some(1), "", text));

    // Beside a directory of another name, libexec does not count.
    install.place("build/bitcoin");
    for file in ["libexec/bitcoin-tx", "build/bitcoin-tx"] {
        fs::copy(install.path("path/bitcoind"), install.path(file)).expect("a copy");
    }
    assert_eq!(install.run_as(&install.path("build/bitcoin"), "tx").ran(&install), "build/bitcoin-tx");
    // A link leads to where the wrapper is.
    std::os::unix::fs::symlink(install.path("bin/bitcoin"), install.path("home/b")).expect("a link");
    assert_eq!(install.run_as(&install.path("home/b"), "tx").ran(&install), "libexec/bitcoin-tx");
}

#[test]
fn a_program_that_cannot_run_is_named() {
    let install = Install::new(&["bin/bitcoin-wallet", "path/bitcoin-wallet"]);
    fs::set_permissions(install.path("bin/bitcoin-wallet"), fs::Permissions::from_mode(0o644))
        .expect("a change");
    let run = install.run("wallet");
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    let text = format!("Error: cannot run {}: ", install.path("bin/bitcoin-wallet").display());
    assert!(run.stderr.starts_with(&text), "{run:?}");
    let run = install.run_as(Path::new("bitcoin"), "gui");
    assert!(
        run.stderr.starts_with("Error: there is no bitcoin-qt in ") && run.stderr.contains(", PATH; "),
        "{run:?}"
    );
}

#[test]
fn rpc_is_bitcoin_cli_or_else_bitcoin_ipc() {
    let install = Install::new(&["bin/bitcoin-ipc", "path/bitcoin-cli"]);
    let line = "-regtest -rpcwait -rpcwallet=w -nonamed send -1 a=b";
    let words = "[-named] [-regtest] [-rpcwait] [-rpcwallet=w] [-nonamed] [send] [-1] [a=b]";
    let ran = install.run(&format!("rpc {line}")).ran(&install);
    assert_eq!(
        ran,
        format!("bin/bitcoin-ipc [rpc] {words}"),
        "called by its path, it does not look into PATH"
    );
    let ran = install.run_as(Path::new("bitcoin"), &format!("rpc {line}")).ran(&install);
    assert_eq!(ran, format!("path/bitcoin-cli {words}"));
    fs::remove_file(install.path("path/bitcoin-cli")).expect("a removal");
    let ran = install.run_as(Path::new("bitcoin"), "rpc -getinfo").ran(&install);
    assert_eq!(ran, "bin/bitcoin-ipc [rpc] [-named] [-getinfo]");
    fs::remove_file(install.path("bin/bitcoin-ipc")).expect("a removal");
    let run = install.run("rpc getblockcount");
    assert!(run.stderr.starts_with("Error: there is no bitcoin-cli nor bitcoin-ipc in "), "{run:?}");
}

#[test]
fn the_wrapper_speaks_for_itself() {
    let install = Install::new(&[]);
    let version = format!("bitcoin version {}\n", env!("CARGO_PKG_VERSION"));
    for (args, code, shown) in [("-v", 0, version.as_str()), ("--version node", 0, &version)] {
        let run = install.run(args);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (Some(code), shown, ""));
    }
    let help = install.run("--help");
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    assert_eq!(install.run("help").stdout, help.stdout);
    assert_eq!(install.run("-h -m").stdout, help.stdout);
    let short = install.run("");
    assert_eq!((short.code, short.stderr.as_str()), (Some(1), ""));
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("help", help.stdout);
        insta::assert_snapshot!("short_help", short.stdout);
    });
    for (args, says) in [
        ("nod", "Error: Unrecognized command: 'nod'; did you mean 'node'?\n"),
        ("-x node", "Error: Unknown option: -x\n"),
    ] {
        let run = install.run(args);
        let text = format!("{says}Try 'bitcoin --help' for more information.\n");
        assert_eq!((run.code, run.stdout.as_str(), run.stderr), (Some(1), "", text));
    }
}
