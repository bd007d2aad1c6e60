//! The table of arguments beside what a node says of its methods.

use bitcoin_rpc::conversion::Table;
use serde_json::Value;
use std::process::{Command, Stdio};

use crate::common::{Running, run};

/// A method for tests, whose arguments are texts to the node and JSON to bitcoin-cli.
const FOR_TESTS: &str = "echojson";

pub(crate) fn the_table_is_that_of_the_node() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path().display();
    let mut node = Command::new(std::env::var_os("BITCOIN_NODE").expect("BITCOIN_NODE"));
    node.args(["-regtest", "-listen=0", "-server=0", "-ipcbind=unix", "-printtoconsole=0"]);
    node.arg(format!("-datadir={at}")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let node = Running::start(node);
    let dump = run(&format!(
        "--json rpc -regtest -datadir={at} -rpcwait -rpcwaittimeout=60 help dump_all_command_conversions"
    ));
    let dump: Value = serde_json::from_str(&dump.good()).expect("JSON");
    let said = dump.as_array().expect("a list").iter().map(|row| {
        let text = |index: usize| row[index].as_str().expect("a text").to_owned();
        let place = usize::try_from(row[1].as_u64().expect("a place")).expect("a place");
        (text(0), place, text(2), row[3].as_bool().expect("yes or no"))
    });
    let mut said: Vec<_> = said.filter(|row| row.0 != FOR_TESTS).collect();
    said.sort();
    let mut table = Table::of_core().rows();
    table.retain(|row| row.0 != FOR_TESTS);
    assert_eq!(table, said);
    assert_eq!(run(&format!("rpc -regtest -datadir={at} stop")).code, 0);
    assert_eq!(node.end().0, 0);
}
