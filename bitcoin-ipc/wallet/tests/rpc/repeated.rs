//! Names that come twice in an object of a request.

use bitcoin_ipc::types::Json;

use super::node::{Node, foreign};

/// The words are those of Bitcoin Core's wallet for the same requests.
#[test]
fn an_address_that_comes_twice_is_refused_and_nothing_is_paid() {
    let node = Node::rich("w");
    let ask = |method: &str, params: String| {
        let params: Json = params.parse().unwrap();
        node.ask(method, params, "")
    };
    let to = foreign();
    let duplicated = || Err((-8, format!("Invalid parameter, duplicated address: {to}")));
    let twice = format!(r#"{{"{to}":1,"{to}":2}}"#);
    for (method, params) in [
        ("sendmany", format!(r#"["",{twice}]"#)),
        ("sendmany", format!(r#"{{"amounts":{twice}}}"#)),
        ("sendmany", format!(r#"["",{twice},null,"",["{to}"]]"#)),
        ("sendmany", format!(r#"["",{{"{to}":1,"{to}":"x"}}]"#)),
        ("send", format!("[{twice}]")),
        ("send", format!(r#"[[{{"{to}":1}},{{"{to}":2}}]]"#)),
        ("walletcreatefundedpsbt", format!("[[],{twice}]")),
        ("sendall", format!(r#"[["{to}","{to}"]]"#)),
        ("sendall", format!(r#"[["{to}",{{"{to}":1}}]]"#)),
        ("bumpfee", format!(r#"["{}",{{"outputs":{twice}}}]"#, "0".repeat(64))),
        ("psbtbumpfee", format!(r#"{{"txid":"{}","outputs":{twice}}}"#, "0".repeat(64))),
    ] {
        assert_eq!(ask(method, params.clone()), duplicated(), "{method} {params}");
    }
    let several = "Invalid parameter, key-value pair must contain exactly one key";
    for (method, params) in [
        ("send", format!("[[{twice}]]")),
        ("walletcreatefundedpsbt", format!("[[],[{twice}]]")),
        ("sendall", format!(r#"[["{to}",{twice}]]"#)),
        ("bumpfee", format!(r#"["{}",{{"outputs":[{twice}]}}]"#, "0".repeat(64))),
    ] {
        assert_eq!(ask(method, params.clone()), Err((-8, several.into())), "{method} {params}");
    }
    let named = format!(r#"{{"outputs":{{"{to}":1}},"fee_rate":1,"fee_rate":2}}"#);
    assert_eq!(ask("send", named), Err((-8, "Parameter fee_rate specified multiple times".into())));
    // Elsewhere the first one counts.
    let coins = ask("listunspent", r#"[1,999,[],true,{"maximumCount":0,"maximumCount":9}]"#.into());
    assert_eq!(coins.unwrap().as_array().unwrap().len(), 1);
    assert_eq!(ask("listunspent", r#"[1,999,[],true,{"minconf":0,"x":1}]"#.into()).unwrap_err().0, -3);
    assert_eq!(node.chain.state().mempool.len(), 0);
}
