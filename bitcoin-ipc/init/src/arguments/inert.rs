//! Options of Bitcoin Core that ask for what our programs do not have.
//!
//! In: nothing. Out: a table, so that scripts and configurations written for Bitcoin Core still work;
//! a program warns of those that are set.

use super::{Category, Form, OptionInfo};

const fn inert(name: &'static str, category: Category) -> OptionInfo {
    OptionInfo::new(name, Form::Text, category, "Has no effect here").hidden()
}

/// Peers, the HTTP server, and what the kernel decides by itself.
pub const INERT_OPTIONS: &[OptionInfo] = &[
    inert("addnode", Category::Connection).network_only(),
    inert("bind", Category::Connection).network_only(),
    inert("connect", Category::Connection).network_only(),
    inert("discover", Category::Connection),
    inert("dnsseed", Category::Connection),
    inert("fixedseeds", Category::Connection),
    inert("listen", Category::Connection),
    inert("listenonion", Category::Connection),
    inert("maxconnections", Category::Connection),
    inert("natpmp", Category::Connection),
    inert("port", Category::Connection).network_only(),
    inert("assumevalid", Category::General),
    inert("dbcache", Category::General),
    inert("rest", Category::Rpc),
    inert("rpcallowip", Category::Rpc),
    inert("rpcauth", Category::Rpc),
    inert("rpcbind", Category::Rpc).network_only(),
    inert("rpccookiefile", Category::Rpc),
    inert("rpcpassword", Category::Rpc),
    inert("rpcport", Category::Rpc).network_only(),
    inert("rpcuser", Category::Rpc),
    inert("server", Category::Rpc),
];
