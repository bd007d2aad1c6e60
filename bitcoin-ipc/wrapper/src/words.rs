//! What the wrapper says of itself.
//!
//! In: the name under which it runs. Out: texts for stdout.

/// The version.
pub(crate) fn version() -> String {
    format!("bitcoin version {}\n", env!("CARGO_PKG_VERSION"))
}

/// Everything.
pub(crate) fn full_help(name: &str) -> String {
    format!(
        "{}
More commands, of Bitcoin Core where it is installed:
  util [ARGS]        bitcoin-util [ARGS]: small tools
  chainstate [ARGS]  bitcoin-chainstate [ARGS]: the kernel by itself
  bench [ARGS]       bench_bitcoin [ARGS]: benchmarks
  test [ARGS]        test_bitcoin [ARGS]: unit tests
  test-gui [ARGS]    test_bitcoin-qt [ARGS]: unit tests of the GUI

Without -m and -M there are several processes when ARGS or the configuration file have -ipcbind,
-ipcconnect or -ipcfd.

Programs are looked for in libexec beside the wrapper's directory if that is called bin, in the wrapper's
directory, and in PATH if the wrapper itself was called by its name alone.
",
        usage(name)
    )
}

/// What every user needs.
pub(crate) fn short_help(name: &str) -> String {
    format!("{}\nRun '{name} help' for more commands, such as those for tests.\n", usage(name))
}

fn usage(name: &str) -> String {
    format!(
        "\
Usage: {name} [OPTIONS] COMMAND [ARGS]

Options:
  -m, --multiprocess  Node, wallets and GUI are processes of their own: bitcoin-node, bitcoin-gui
  -M, --monolithic    All is one process: bitcoind, bitcoin-qt
  -v, --version       Print the version
  -h, --help          Print all help

Commands:
  node [ARGS]    Start a node: bitcoind [ARGS] or bitcoin-node [ARGS]
  gui [ARGS]     Start a node with windows: bitcoin-qt [ARGS] or bitcoin-gui [ARGS]
  rpc [ARGS]     Call a method of a running node: bitcoin-cli -named [ARGS], or without it bitcoin-ipc rpc
  wallet [ARGS]  Work on a wallet's file: bitcoin-wallet [ARGS]
  tx [ARGS]      Work on a transaction in hexadecimal digits: bitcoin-tx [ARGS]
  help           Print all help
"
    )
}
