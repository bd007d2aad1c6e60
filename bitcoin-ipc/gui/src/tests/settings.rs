//! Settings of the node.

use eframe::egui::Role;
use egui_kittest::kittest::Queryable as _;
use serde_json::json;

use super::fake::lock;
use super::{Gui, rich};

#[test]
pub(super) fn a27_settings_are_kept_reset_and_say_who_counts() {
    let mut gui = rich();
    gui.page("Settings");
    gui.wait_for("Memory of the mempool in MB (maxmempool): set by the command line, which counts.");
    let par = "Threads that check scripts (par)";
    assert!(!gui.is_enabled("Keep par"));
    gui.type_in(par, "3");
    gui.press("Keep par");
    // What can be pressed moves once it is known to be kept.
    gui.wait(|gui| lock(&gui.world().node.settings).get("par") == Some(&json!("3")) && !gui.sees("Undo par"));
    gui.settle();
    assert!(format!("{:?}", gui.model().notices).contains("par is changed, and counts after the next start"));
    assert!(!gui.is_enabled("Keep par"));
    gui.clear(par);
    gui.press("Keep par");
    gui.wait(|gui| {
        lock(&gui.world().node.settings).get("par") == Some(&json!(null)) && !gui.sees("Undo par")
    });
    gui.press("Reset the node's settings…");
    gui.press("Reset");
    gui.wait(|gui| lock(&gui.world().node.settings).is_empty());
    gui.settle();
    assert!(format!("{:?}", gui.model().notices).contains("settings.json.bak"));
}

#[test]
fn a27_two_changes_at_once_are_not_one_of_them_without_a_word() {
    let mut gui = rich();
    let world = gui.world().clone();
    gui.page("Settings");
    gui.type_in("Threads that check scripts (par)", "3");
    gui.type_in("Kind of new addresses (addresstype)", "bech32m");
    world.node.gate.shut_for("updateRwSetting");
    gui.press("Keep par");
    gui.press("Keep addresstype");
    gui.wait(|gui| format!("{:?}", gui.model().notices).contains("this one was not made"));
    world.node.gate.shut(false);
    gui.wait(|gui| !gui.sees("Undo par"));
    gui.settle();
    assert_eq!(lock(&world.node.settings).get("addresstype"), None);
    // It is still there to be kept.
    gui.press("Keep addresstype");
    gui.wait(|_| lock(&world.node.settings).get("addresstype") == Some(&json!("bech32m")));
}

#[test]
fn a8_a_node_that_cannot_start_is_mended_in_its_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("regtest/settings.json");
    std::fs::create_dir(folder.path().join("regtest")).expect("a folder");
    std::fs::write(&file, r#"{"maxmempool": "4", "addresstype": "legacy"}"#).expect("a file");
    let datadir = format!("-datadir={}", folder.path().display());
    let why = "-maxmempool must be at least 5 MB.";
    let mut gui = Gui::refused(&["-regtest", "-noconf", "-addresstype=bech32m", &datadir], why);
    let alerts = |gui: &Gui| gui.harness.query_all_by_role(Role::Alert).count();
    assert!(gui.sees(why));
    assert_eq!(alerts(&gui), 1, "it is said once:\n{}", gui.tree());
    gui.press("Open settings");
    gui.wait_for(
        "Kind of new addresses (addresstype): set by the command line, which counts. The file has: legacy",
    );
    assert_eq!(alerts(&gui), 1);
    let field = "Memory of the mempool in MB (maxmempool)";
    assert_eq!(gui.field(field).value(), Some("4".to_owned()));
    gui.clear(field);
    gui.type_in(field, "5");
    gui.press("Keep maxmempool");
    let kept = || std::fs::read_to_string(&file).expect("a file");
    gui.wait(|gui| kept().contains(r#""maxmempool": "5""#) && !gui.sees("Undo maxmempool"));
    gui.settle();
    assert!(
        format!("{:?}", gui.model().notices)
            .contains("maxmempool is changed, and counts after the next start")
    );
    gui.press("Reset the node's settings…");
    gui.press("Reset");
    gui.wait(|gui| !kept().contains("maxmempool") && gui.field(field).value() == Some(String::new()));
    gui.engine.send(crate::engine::Msg::Command(0, crate::engine::Command::Close));
    gui.wait(|gui| gui.harness.state().is_over());
    assert_eq!(gui.harness.state().exit_code(), 1);
}
