//! Settings of the node.

use serde_json::json;

use super::fake::lock;
use super::rich;

#[test]
pub(super) fn a27_settings_are_kept_reset_and_say_who_counts() {
    let mut gui = rich();
    gui.page("Settings");
    gui.wait_for("Memory of the mempool in MB (maxmempool): set by the command line, which counts.");
    let par = "Threads that check scripts (par)";
    assert!(!gui.is_enabled("Keep par"));
    gui.type_in(par, "3");
    gui.press("Keep par");
    gui.wait(|gui| lock(&gui.world().node.settings).get("par") == Some(&json!("3")));
    gui.settle();
    assert!(format!("{:?}", gui.model().notices).contains("par is changed, and counts after the next start"));
    assert!(!gui.is_enabled("Keep par"));
    gui.clear(par);
    gui.press("Keep par");
    gui.wait(|gui| lock(&gui.world().node.settings).get("par") == Some(&json!(null)));
    gui.press("Reset the node's settings…");
    gui.press("Reset");
    gui.wait(|gui| lock(&gui.world().node.settings).is_empty());
    gui.settle();
    assert!(format!("{:?}", gui.model().notices).contains("settings.json.bak"));
}
