//! Descriptors: read, written and derived as Bitcoin Core does.
//!
//! In: functions around keys of all kinds, and texts with mistakes. Out: the same answers and the same words.

use serde_json::json;

use super::both::Both;

const PUBKEY: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const LONG: &str = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
const WIF: &str = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA";
const LONG_WIF: &str = "91avARGdfge8E4tZfYLoxeJ5sGBdNJQH4kvjJoQFacbgwmaKkrx";
const MAIN_WIF: &str = "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn";
const TPUB: &str = "tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B";
const TPRV: &str = "tprv8ZgxMBicQKsPd7Uf69XL1XwhmjHopUGep8GuEiJDZmbQz6o58LninorQAfcKZWARbtRtfnLcJ5MQ2AtHcQJCCRUcMRvmDUjyEmNUWwx8UbK";
const XPUB: &str = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";

/// Keys of all kinds.
fn keys() -> Vec<String> {
    let mut keys: Vec<String> = [PUBKEY, LONG, WIF, LONG_WIF].map(str::to_owned).to_vec();
    keys.push(PUBKEY[2..].to_owned());
    for root in [TPUB, TPRV] {
        for path in
            ["", "/0", "/0/*", "/1h/*", "/*h", "/1'/2/*'", "/<0;1>/*", "/0h/<2;3h;4>", "/2147483647h/*"]
        {
            keys.push(format!("{root}{path}"));
        }
    }
    let plain = keys.clone();
    keys.extend(plain.iter().map(|key| format!("[d34db33f/84h/0'/7]{key}")));
    keys.push(format!("[00000000]{TPUB}/0"));
    keys
}

/// Asks both about a descriptor, and for some of its addresses.
fn compare(both: &Both, descriptor: &str) {
    let Ok(info) = both.same("getdescriptorinfo", json!([descriptor])) else { return };
    let checked = format!("{descriptor}#{}", info["checksum"].as_str().unwrap());
    let _ = both.same("deriveaddresses", json!([checked]));
    let _ = both.same("deriveaddresses", json!([checked, [1, 2]]));
    if info["isrange"] == true {
        let _ = both.same("deriveaddresses", json!([checked, [2_147_483_646, 2_147_483_647]]));
    }
}

pub(crate) fn descriptors_are_read_the_same() {
    let both = Both::start();
    for key in keys() {
        for function in ["pk", "pkh", "wpkh", "combo", "tr", "rawtr", "unused"] {
            compare(&both, &format!("{function}({key})"));
        }
        for (before, after) in [
            ("sh(pk(", "))"),
            ("sh(pkh(", "))"),
            ("sh(wpkh(", "))"),
            ("wsh(pk(", "))"),
            ("wsh(pkh(", "))"),
            ("sh(wsh(pkh(", ")))"),
        ] {
            compare(&both, &format!("{before}{key}{after}"));
        }
        let other = "03c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";
        let ranged = format!("{TPRV}/5h/*");
        for multi in ["multi", "sortedmulti"] {
            for (before, after) in [("", ""), ("sh(", ")"), ("wsh(", ")"), ("sh(wsh(", "))")] {
                compare(&both, &format!("{before}{multi}(1,{key},{other}){after}"));
                compare(&both, &format!("{before}{multi}(2,{ranged},{key},{other}){after}"));
            }
            compare(&both, &format!("tr({other},{multi}_a(1,{key},{ranged}))"));
            compare(&both, &format!("tr({ranged},{multi}_a(2,{ranged},{other},{key}))"));
        }
        compare(&both, &format!("tr({other},pk({key}))"));
        compare(&both, &format!("tr({key},{{pk({other}),{{pk({ranged}),pkh({key})}}}})"));
        compare(&both, &format!("wsh(and_v(v:pk({key}),older(10)))"));
        // Two hardened keys are the same to Bitcoin Core here, and the whole is refused.
        let another = format!("{TPUB}/77/*");
        compare(&both, &format!("wsh(or_d(pk({key}),and_v(v:pkh({another}),after(100))))"));
        compare(&both, &format!("wsh(thresh(2,pk({key}),s:pk({other}),sln:older(70000)))"));
        compare(&both, &format!("tr({other},and_v(v:pk({key}),older(4194400)))"));
    }
    both.finish();
}

pub(crate) fn mistakes_in_descriptors_have_the_same_words() {
    let both = Both::start();
    let hybrid = format!("06{}", &LONG[2..]);
    let many = |count: usize| vec![PUBKEY; count].join(",");
    let deep = |depth: usize| format!("tr({PUBKEY},{}pk({PUBKEY}){}", "{".repeat(depth), ")");
    let texts = [
        String::new(),
        "x".into(),
        "pk".into(),
        "pk(".into(),
        "pk()".into(),
        "pk( )".into(),
        format!("pk({PUBKEY}"),
        format!("pk({PUBKEY}))"),
        format!("pk({PUBKEY}),"),
        format!("pk({PUBKEY})x"),
        format!("pk( {PUBKEY})"),
        format!("pk({PUBKEY} )"),
        format!("pk({WIF} )"),
        format!("pk({PUBKEY},{PUBKEY})"),
        format!("pk({}0)", &PUBKEY[..65]),
        format!("pk({}ff)", &PUBKEY[..64]),
        format!("pk({hybrid})"),
        format!("wpkh({hybrid})"),
        format!("pk({MAIN_WIF})"),
        format!("pk({XPUB})"),
        format!("pk({XPUB}/0/*)"),
        format!("pk({}x)", &TPUB[..110]),
        format!("pk({PUBKEY}/0)"),
        format!("pk({WIF}/*)"),
        format!("pk({TPUB}/)"),
        format!("pk({TPUB}//1)"),
        format!("pk({TPUB}/x)"),
        format!("pk({TPUB}/-1)"),
        format!("pk({TPUB}/+1)"),
        format!("pk({TPUB}/ 1)"),
        format!("pk({TPUB}/h)"),
        format!("pk({TPUB}/1hh)"),
        format!("pk({TPUB}/1H)"),
        format!("pk({TPUB}/2147483648)"),
        format!("pk({TPUB}/2147483648h)"),
        format!("pk({TPUB}/4294967296)"),
        format!("pk({TPUB}/*/0)"),
        format!("pk({TPUB}/*/*)"),
        format!("pk({TPUB}/**)"),
        format!("pk({TPUB}/<0>/*)"),
        format!("pk({TPUB}/<>/*)"),
        format!("pk({TPUB}/<0;>/*)"),
        format!("pk({TPUB}/<0;0>/*)"),
        format!("pk({TPUB}/<0;1/*)"),
        format!("pk({TPUB}/0;1>/*)"),
        format!("pk({TPUB}/<0;1>/<2;3>/*)"),
        format!("pk({TPUB}/<0;x>/*)"),
        format!("pk({TPUB}/<*;1>)"),
        format!("pk([d34db33f]{PUBKEY}]{PUBKEY})"),
        format!("pk(d34db33f]{PUBKEY})"),
        format!("pk(]{PUBKEY})"),
        format!("pk([]{PUBKEY})"),
        format!("pk([d34db33]{PUBKEY})"),
        format!("pk([d34db33fa]{PUBKEY})"),
        format!("pk([d34db33g]{PUBKEY})"),
        format!("pk([d34db33f/]{PUBKEY})"),
        format!("pk([d34db33f/<0;1>]{PUBKEY})"),
        format!("pk([d34db33f/*]{PUBKEY})"),
        format!("pk([d34db33f/2147483648]{PUBKEY})"),
        "pk([d34db33f/1h])".into(),
        format!("pk({})", &PUBKEY[2..]),
        format!("tr({})", &LONG[2..]),
        format!("tr({LONG})"),
        format!("tr({LONG_WIF})"),
        format!("wpkh({LONG})"),
        format!("wsh(pk({LONG}))"),
        format!("wsh(multi(1,{LONG_WIF}))"),
        format!("sh({PUBKEY})"),
        "sh()".into(),
        "wsh()".into(),
        format!("sh(pk({PUBKEY}),x)"),
        format!("sh(sh(pk({PUBKEY})))"),
        format!("wsh(sh(pk({PUBKEY})))"),
        format!("wsh(wsh(pk({PUBKEY})))"),
        format!("wsh(wpkh({PUBKEY}))"),
        format!("sh(combo({PUBKEY}))"),
        format!("wsh(combo({PUBKEY}))"),
        format!("sh(tr({PUBKEY}))"),
        format!("sh(rawtr({PUBKEY}))"),
        format!("sh(unused({PUBKEY}))"),
        "sh(raw(51))".into(),
        "wsh(addr(x))".into(),
        "addr(x)".into(),
        "addr()".into(),
        "addr(bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4)".into(),
        "addr(BCRT1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KYGT080)".into(),
        "addr(bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080)".into(),
        "addr(mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r)".into(),
        "raw()".into(),
        "raw(5)".into(),
        "raw(zz)".into(),
        "raw(51FF)".into(),
        "raw(0014751e76e8199196d454941c45d1b3a323f1433bd6)".into(),
        format!("rawtr({PUBKEY},{PUBKEY})"),
        format!("unused({PUBKEY},{PUBKEY})"),
        format!("unused({TPUB}/*)"),
        format!("combo({PUBKEY},{PUBKEY})"),
        format!("multi(0,{PUBKEY})"),
        format!("multi(2,{PUBKEY})"),
        format!("multi(-1,{PUBKEY})"),
        format!("multi(+1,{PUBKEY})"),
        format!("multi(01,{PUBKEY})"),
        format!("multi(x,{PUBKEY})"),
        format!("multi(4294967296,{PUBKEY})"),
        "multi(1)".into(),
        "multi()".into(),
        "multi(1,)".into(),
        format!("multi(1,{PUBKEY},)"),
        format!("multi(1{{{PUBKEY}}})"),
        format!("multi(1,{PUBKEY}}},{PUBKEY})"),
        format!("multi(1,{})", many(3)),
        format!("multi(1,{})", many(4)),
        format!("sh(multi(1,{}))", many(15)),
        format!("sh(multi(1,{}))", many(16)),
        format!("wsh(multi(20,{}))", many(20)),
        format!("wsh(multi(20,{}))", many(21)),
        format!("multi_a(1,{PUBKEY})"),
        format!("sh(sortedmulti_a(1,{PUBKEY}))"),
        format!("tr({PUBKEY},multi(1,{PUBKEY}))"),
        format!("tr({PUBKEY},multi_a(0,{PUBKEY}))"),
        format!("tr({PUBKEY},multi_a(2,{PUBKEY}))"),
        format!("wsh(multi(1,{TPUB}/<0;1>/*,{TPUB}/<2;3;4>/*))"),
        format!("tr({TPUB}/<0;1>/*,pk({TPUB}/<2;3;4>/*))"),
        format!("tr({TPUB}/*,{{pk({TPUB}/<2;3;4>/*),pk({TPUB}/<2;3>/*)}})"),
        format!("tr({TPUB}/<0;1>/*,{{pk({TPUB}/<2;3>/*),pk({TPUB}/*)}})"),
        format!("wsh(and_v(v:pk({TPUB}/<0;1>/*),pk({TPUB}/<2;3;4>/*)))"),
        format!("tr({PUBKEY},)"),
        format!("tr({PUBKEY},,)"),
        format!("tr({PUBKEY},pk({PUBKEY}),pk({PUBKEY}))"),
        format!("tr({PUBKEY},{{pk({PUBKEY})}})"),
        format!("tr({PUBKEY},{{pk({PUBKEY}),pk({PUBKEY})}}x)"),
        format!("tr({PUBKEY},{{pk({PUBKEY}),pk({PUBKEY})"),
        format!("tr({PUBKEY},{{pk({PUBKEY}),pk({PUBKEY}),pk({PUBKEY})}})"),
        format!("tr({PUBKEY},wpkh({PUBKEY}))"),
        format!("tr({PUBKEY},{PUBKEY})"),
        format!("tr({PUBKEY}x)"),
        deep(128),
        deep(129),
        format!("and_v(v:pk({PUBKEY}),older(1))"),
        format!("sh(and_v(v:pk({PUBKEY}),older(1)))"),
        "wsh(older(1))".into(),
        "wsh(1)".into(),
        "wsh(0)".into(),
        format!("wsh(and_v(pk({PUBKEY}),older(1)))"),
        format!("wsh(and_v(v:pk({PUBKEY}),older(0)))"),
        format!("wsh(and_v(v:pk({PUBKEY}),pk({PUBKEY})))"),
        format!("wsh(and_v(v:pk({PUBKEY}),pk({WIF})))"),
        format!("wsh(and_v(v:pk([d34db33f]{PUBKEY}),pk({WIF})))"),
        format!("wsh(and_v(pk({WIF}),pk({TPRV}/0h)))"),
        format!("wsh(and_v(v:pk({PUBKEY}),pk(x)))"),
        format!("wsh(or_i(pk({PUBKEY}),older(1)))"),
        format!("wsh(and_v(v:pk({PUBKEY}),and_b(after(1),a:after(1000000000))))"),
        format!("wsh(and_v(v:pk({PUBKEY}),sha256(00)))"),
        format!("wsh(or_b(pk({PUBKEY}),a:sha256({})))", "11".repeat(32)),
        format!("pk(musig({PUBKEY},{PUBKEY}))"),
        format!("pk({PUBKEY})#"),
        format!("pk({PUBKEY})##"),
        format!("pk({PUBKEY})#aaaaaaa"),
        format!("pk({PUBKEY})#aaaaaaaa"),
        format!("pk({PUBKEY})#aaaaaaaaa"),
        format!("pk({PUBKEY}é)"),
        "pk(é)#aaaaaaaa".into(),
    ];
    for text in &texts {
        compare(&both, text);
        let _ = both.same("deriveaddresses", json!([text]));
        let _ = both.same("generatetodescriptor", json!([0, text]));
    }
    let ranged = format!("wpkh({TPUB}/*)#");
    for range in [
        json!(-1),
        json!([0, -1]),
        json!([2, 1]),
        json!([-2, 1]),
        json!(2_147_483_648_i64),
        json!([0, 1_000_000]),
        json!([i64::MAX, 0]),
        json!([i64::MAX, i64::MAX]),
        json!([1]),
        json!([1, 2, 3]),
        json!(["1", 2]),
        json!([]),
        json!("1"),
        json!(1.5),
        json!({}),
    ] {
        let _ = both.same("deriveaddresses", json!([ranged, range]));
        let _ = both.same("scantxoutset", json!(["start", [{ "desc": ranged, "range": range }]]));
    }
    both.finish();
}

/// What is mined to descriptors is found by them, and described in the same words.
pub(crate) fn coins_of_descriptors_are_described_the_same() {
    let both = Both::start();
    let origin = "[d34db33f/84h/0'/7]";
    let texts = [
        format!("combo({TPRV}/1h/*)"),
        format!("combo({TPUB}/0/*)"),
        format!("combo({WIF})"),
        format!("combo({LONG_WIF})"),
        format!("sortedmulti(1,{TPUB}/0/*,{PUBKEY})"),
        format!("sh(sortedmulti(1,{origin}{TPUB}/0/*,{PUBKEY}))"),
        format!("wsh(sortedmulti(2,{TPRV}/0h/*h,{origin}{WIF}))"),
        format!("tr({PUBKEY},sortedmulti_a(1,{TPUB}/0/*,{PUBKEY}))"),
        format!("rawtr({origin}{TPUB}/*)"),
        format!("rawtr({})", &PUBKEY[2..]),
        format!("wsh(and_v(v:pk({origin}{TPUB}/<0;1>/*),older(10)))"),
        format!("tr({TPUB}/0/*,{{pk({TPUB}/1/*),and_v(v:pk({PUBKEY}),older(9))}})"),
        "raw(51)".to_owned(),
        "addr(bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080)".to_owned(),
    ];
    for text in &texts {
        let info = both.same("getdescriptorinfo", json!([text])).unwrap();
        let checked = format!("{text}#{}", info["checksum"].as_str().unwrap());
        let ranged = info["isrange"] == true;
        let addresses = match ranged {
            true => both.same("deriveaddresses", json!([checked, [3, 4]])),
            false => both.same("deriveaddresses", json!([checked])),
        };
        let Ok(addresses) = addresses else { continue };
        let lists = addresses.as_array().unwrap().iter();
        let all = lists.flat_map(|found| found.as_array().cloned().unwrap_or_else(|| vec![found.clone()]));
        all.for_each(|address| both.generate(1, address.as_str().unwrap()));
    }
    let objects: Vec<_> = texts.iter().map(|text| json!({ "desc": text, "range": [2, 5] })).collect();
    both.same("scantxoutset", json!(["start", objects])).unwrap();
    for text in &texts {
        both.same("scantxoutset", json!(["start", [{ "desc": text, "range": [2, 5] }]])).unwrap();
        both.same_without("getdescriptoractivity", json!([[], [{ "desc": text, "range": 5 }]]), &[]).unwrap();
    }
    both.finish();
}
