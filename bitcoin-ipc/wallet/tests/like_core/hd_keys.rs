//! What is asked of both about extended keys.

use serde_json::json;

use super::story::Story;

pub(crate) fn listed(story: &mut Story<'_>) {
    story.ok("createwallet", json!(["w"]));
    let keys = story.ok("gethdkeys", json!([]));
    for params in [
        json!([{ "active_only": true }]),
        json!([{ "private": true }]),
        json!({ "private": true, "active_only": true }),
        json!([{ "private": 1 }]),
        json!([{ "nonsense": 1 }]),
        json!({ "nonsense": 1 }),
        json!([true]),
    ] {
        let _ = story.ask("gethdkeys", params);
    }
    story.ok("createwallet", json!(["blank", false, true]));
    let blank = "/wallet/blank";
    for (method, params) in [
        ("gethdkeys", json!([])),
        ("derivehdkey", json!(["m/87h"])),
        ("createwalletdescriptor", json!(["bech32"])),
        ("createwalletdescriptor", json!({ "type": "bech32", "hdkey": keys[0]["xpub"] })),
    ] {
        let _ = story.ask_at(method, params, blank);
    }
    story.ok("createwallet", json!(["watch", true]));
    let watch = "/wallet/watch";
    let desc = &keys[0]["descriptors"][0]["desc"];
    let requests = json!([[{ "desc": desc, "timestamp": "now", "range": [0, 9], "active": true }]]);
    story.ask_at("importdescriptors", requests, watch).unwrap();
    for (method, params) in [
        ("gethdkeys", json!([])),
        ("gethdkeys", json!({ "private": true })),
        ("derivehdkey", json!(["m/87h"])),
        ("addhdkey", json!([])),
        ("createwalletdescriptor", json!(["bech32"])),
    ] {
        let _ = story.ask_at(method, params, watch);
    }
    let (uri, passphrase) = ("/wallet/w", "open sesame");
    story.ask_at("encryptwallet", json!([passphrase]), uri).unwrap();
    for (method, params) in [
        ("gethdkeys", json!([])),
        ("gethdkeys", json!({ "private": true })),
        ("derivehdkey", json!(["m/87h"])),
        ("addhdkey", json!([])),
        ("createwalletdescriptor", json!(["bech32"])),
        ("createwalletdescriptor", json!(["x"])),
        ("walletpassphrase", json!([passphrase, 60])),
        ("gethdkeys", json!({ "private": true })),
    ] {
        let _ = story.ask_at(method, params, uri);
    }
}

pub(crate) fn derived(story: &mut Story<'_>) {
    story.ok("createwallet", json!(["w"]));
    let key = story.ok("gethdkeys", json!({ "private": true }))[0].clone();
    story.ok("derivehdkey", json!(["m/84h/1h/0h"]));
    story.ok("derivehdkey", json!({ "path": "87h/1", "private": true, "hdkey": key["xpub"] }));
    let deep = format!("m{}", "/0h".repeat(256));
    for path in ["", "m", "m/", "/", "m/1", "m//1h", "m/m", "m/1hh", "m/2147483648", "m/+1h", "x", &deep] {
        let _ = story.ask("derivehdkey", json!([path]));
    }
    for options in [
        json!({ "hdkey": "x" }),
        json!({ "hdkey": key["xprv"] }),
        json!({ "private": "x" }),
        json!({ "hdkey": 1 }),
        json!(1),
    ] {
        let _ = story.ask("derivehdkey", json!(["m/1h", options]));
    }
    let _ = story.ask("addhdkey", json!(["x"]));
    let _ = story.ask("addhdkey", json!([key["xpub"]]));
    let _ = story.ask("addhdkey", json!([1]));
    story.ok("addhdkey", json!([key["xprv"]]));
    let _ = story.ask("addhdkey", json!([key["xprv"]]));
    story.ok("listdescriptors", json!([]));
    story.ok("listdescriptors", json!([true]));
    story.ok("gethdkeys", json!({ "active_only": true }));
    let own = story.ok("listdescriptors", json!([true]))["descriptors"].clone();
    let own = own.as_array().unwrap().iter().map(|one| one["desc"].as_str().unwrap());
    let unused: Vec<&str> = own.filter(|desc| desc.starts_with("unused(")).collect();
    story.ok("createwallet", json!(["other", false, true]));
    for more in
        [json!({}), json!({ "active": true }), json!({ "range": 3 }), json!({}), json!({ "label": "x" })]
    {
        let mut request = more;
        request["desc"] = json!(unused[0]);
        request["timestamp"] = json!("now");
        let told = story.ask_at("importdescriptors", json!([[request]]), "/wallet/other").unwrap();
        if !told[0]["error"].is_null() {
            story.note(&told[0]["error"]);
        }
    }
    let public =
        story.ask_at("listdescriptors", json!([]), "/wallet/other").unwrap()["descriptors"][0].clone();
    story.ok("createwallet", json!(["watch", true]));
    for (desc, to) in
        [(json!(unused[0]), "watch"), (public["desc"].clone(), "watch"), (public["desc"].clone(), "other")]
    {
        let request = json!({ "desc": desc, "timestamp": "now" });
        let told = story.ask_at("importdescriptors", json!([[request]]), &format!("/wallet/{to}")).unwrap();
        story.note(&told[0]["error"]);
    }
    story.ok("unloadwallet", json!(["watch"]));
    story.ok("unloadwallet", json!(["other"]));
    let added = story.ok("addhdkey", json!([]))["xpub"].clone();
    let _ = story.ask("derivehdkey", json!(["m/1h"]));
    story.ok("derivehdkey", json!({ "path": "m/1h", "hdkey": added }));
    for params in [
        json!(["bech32"]),
        json!(["unknown"]),
        json!({ "type": "bech32", "hdkey": "x" }),
        json!({ "type": "bech32", "hdkey": key["xprv"] }),
        json!({ "type": "bech32", "internal": "x" }),
        json!({ "type": "bech32", "hdkey": added, "internal": true }),
        json!({ "type": "bech32", "hdkey": added }),
        json!({ "type": "bech32", "hdkey": added }),
        json!({ "type": "legacy" }),
    ] {
        let _ = story.ask("createwalletdescriptor", params);
    }
    story.ok("gethdkeys", json!({ "private": true }));
    let address = story.ok("getnewaddress", json!([]));
    story.ok("getaddressinfo", json!([address]));
    story.ok("getwalletinfo", json!([]));
}
