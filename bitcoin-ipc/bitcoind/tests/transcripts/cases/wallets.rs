//! Wallets' lives: made, loaded, unloaded, copied, encrypted.

use serde_json::json;

use crate::chapter::{Case, Chapter, Stopped};

pub(crate) const CHAPTER: Chapter = Chapter {
    name: "wallets",
    options: &[],
    blocks: 1,
    chance: true,
    cases: &[
        ("no_wallet", none),
        ("a_wallet_is_made_unloaded_and_loaded", made),
        ("wallets_that_are_refused", refused),
        ("a_copy_is_kept_and_taken_back", copies),
        ("a_passphrase", passphrase),
    ],
};

fn none(case: &mut Case<'_>) -> Result<(), Stopped> {
    for method in
        ["listwallets", "listwalletdir", "getwalletinfo", "getbalance", "getnewaddress", "unloadwallet"]
    {
        case.each(method, [json!([])]);
    }
    case.of("none");
    case.each("getwalletinfo", [json!([])]);
    case.each("unloadwallet", [json!([])]);
    Ok(())
}

fn made(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.each(
        "createwallet",
        [
            json!(["a"]),
            json!(["a"]),
            json!({ "wallet_name": "b", "blank": true }),
            json!({ "wallet_name": "c", "disable_private_keys": true }),
        ],
    );
    for name in ["a", "b", "c"] {
        case.of(name);
        case.each("getwalletinfo", [json!([])]);
        case.each("listdescriptors", [json!([])]);
    }
    case.of_node();
    case.each("listwallets", [json!([])]);
    case.each("getwalletinfo", [json!([])]);
    case.each("unloadwallet", [json!(["a"]), json!(["a"]), json!(["none"])]);
    case.of("b");
    case.each("unloadwallet", [json!(["c"]), json!([])]);
    case.of_node();
    case.each("listwallets", [json!([])]);
    case.each("listwalletdir", [json!([])]);
    case.each(
        "loadwallet",
        [json!(["a"]), json!(["a"]), json!(["b", true]), json!(["none"]), json!([""]), json!([])],
    );
    case.restart()?;
    case.each("listwallets", [json!([])]);
    case.each("unloadwallet", [json!(["b", false]), json!(["c", null])]);
    Ok(())
}

fn refused(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.each(
        "createwallet",
        [
            json!([""]),
            json!([]),
            json!([1]),
            json!(["d", "x"]),
            json!({ "wallet_name": "d", "descriptors": false }),
            json!({ "wallet_name": "d", "disable_private_keys": true, "passphrase": "x" }),
            json!({ "wallet_name": "d", "external_signer": true }),
            json!({ "wallet_name": "d", "nonsense": true }),
            json!(["../d"]),
            json!(["a/b/c"]),
        ],
    );
    case.each("listwalletdir", [json!([])]);
    Ok(())
}

fn copies(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.ok("createwallet", json!(["copied"]))?;
    let file = case.folder().join("copy");
    case.of("copied");
    case.each("backupwallet", [json!([file]), json!(["/no/such/folder/copy"]), json!([])]);
    case.of_node();
    case.each(
        "restorewallet",
        [
            json!(["taken", file]),
            json!(["taken", file]),
            json!(["copied", file]),
            json!(["x", "/no/such/file"]),
            json!([]),
        ],
    );
    case.of("taken");
    case.each("getwalletinfo", [json!([])]);
    case.each("getnewaddress", [json!([])]);
    case.of("copied");
    case.each("getnewaddress", [json!([])]);
    Ok(())
}

fn passphrase(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.ok("createwallet", json!(["locked"]))?;
    case.of("locked");
    case.each("walletpassphrase", [json!(["x", 1])]);
    case.each("walletlock", [json!([])]);
    case.each("walletpassphrasechange", [json!(["x", "y"])]);
    case.each("encryptwallet", [json!([""]), json!([]), json!(["open sesame"]), json!(["again"])]);
    case.each("getwalletinfo", [json!([])]);
    case.each(
        "walletpassphrase",
        [
            json!(["wrong", 60]),
            json!(["", 60]),
            json!(["open sesame", -1]),
            json!(["open sesame"]),
            json!(["open sesame", "60"]),
        ],
    );
    case.each("getnewaddress", [json!([])]);
    case.each("listdescriptors", [json!([true])]);
    case.each("walletpassphrase", [json!(["open sesame", 60])]);
    case.each("getwalletinfo", [json!([])]);
    case.each(
        "walletpassphrasechange",
        [json!(["wrong", "new"]), json!(["open sesame", ""]), json!(["open sesame", "new"])],
    );
    case.each("walletlock", [json!([])]);
    case.each("getwalletinfo", [json!([])]);
    Ok(())
}
