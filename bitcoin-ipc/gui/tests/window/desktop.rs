//! The desktop around a real window: a bus of its own, where these tests show notices and are the tray.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};

use bitcoin_demo::programs::Node;
use serde_json::json;
use zbus::blocking::{Connection, connection};
use zbus::zvariant::{OwnedValue, Structure, Value};

use super::display::reader::Bus;
use super::display::{Display, PATIENCE, wait_until};
use super::readers::asked;
use super::{attach, mine, node, programs};

/// Shows notices, as far as whoever asks for it can tell.
struct Notifications(Sender<(String, String)>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[allow(clippy::too_many_arguments)]
    fn notify(
        &self,
        _app_name: String,
        _replaces_id: u32,
        _app_icon: String,
        summary: String,
        body: String,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expire_timeout: i32,
    ) -> u32 {
        // A test that has ended wants no more.
        let _ = self.0.send((summary, body));
        1
    }
}

/// Knows the icons of the tray.
struct Watcher(Sender<String>);

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: String) {
        let _ = self.0.send(service);
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        Vec::new()
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

/// A desktop, the notices that it shows, and the icons that it knows.
fn desktop(bus: &Bus) -> (Connection, Receiver<(String, String)>, Receiver<String>) {
    let ((tell, told), (show, shown)) = (channel(), channel());
    let built = connection::Builder::address(bus.address.as_str())
        .unwrap()
        .serve_at("/org/freedesktop/Notifications", Notifications(tell))
        .unwrap()
        .serve_at("/StatusNotifierWatcher", Watcher(show))
        .unwrap()
        .name("org.freedesktop.Notifications")
        .unwrap()
        .name("org.kde.StatusNotifierWatcher")
        .unwrap();
    (built.build().unwrap(), told, shown)
}

/// Pays a wallet that is not shown.
fn pay(node: &Node) {
    let address = node.wallet_rpc("other", "getnewaddress", json!([])).unwrap();
    node.wallet_rpc("miner", "sendtoaddress", json!([address, 1.5])).unwrap();
}

#[test]
fn a53_the_desktop_tells_of_payments_and_of_no_amount_that_is_hidden() {
    let (Some(programs), Some(display), Some(bus)) = (programs(), Display::start(), Bus::start()) else {
        return;
    };
    let (_desktop, told, _) = desktop(&bus);
    let mut node = node(&programs);
    mine(&node, 5);
    node.rpc("createwallet", json!(["other"])).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let _window = asked(&display, &bus, folder.path(), &[&attach(&node)]);
    let reader = bus.reader();
    reader.wait_for("Overview of miner");
    pay(&node);
    let (title, body) = told.recv_timeout(PATIENCE).expect("a notice");
    assert_eq!(title, "Bitcoin – regtest");
    assert_eq!(body, "Received in the wallet other: 1.50000000 BTC");
    reader.press("toggle button", "Hide amounts");
    reader.wait_for("•••••");
    pay(&node);
    let (_, body) = told.recv_timeout(PATIENCE).expect("another notice");
    assert!(body.contains("wallet other") && !body.contains("BTC") && !body.contains("50"), "{body}");
    node.kill_wallet().unwrap();
    let (_, body) = told.recv_timeout(PATIENCE).expect("a notice of the wallets");
    assert_eq!(body, "The wallet process has ended.");
    node.stop().unwrap();
}

/// The entries of the menu of an icon, with their numbers.
fn menu(desktop: &Connection, icon: &str) -> HashMap<String, i32> {
    type Item = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
    let names: &[&str] = &[];
    let interface = Some("com.canonical.dbusmenu");
    let layout =
        desktop.call_method(Some(icon), "/MenuBar", interface, "GetLayout", &(0_i32, -1_i32, names)).unwrap();
    let (_, (_, _, items)): (u32, Item) = layout.body().deserialize().unwrap();
    let entry = |item: OwnedValue| {
        let item = Structure::try_from(item).unwrap();
        let [Value::I32(id), Value::Dict(properties), ..] = item.fields() else { panic!("{item:?}") };
        let label: Option<String> = properties.get(&"label").unwrap();
        Some((label?, *id))
    };
    items.into_iter().filter_map(entry).collect()
}

/// Chooses an entry of the menu of an icon.
fn choose(desktop: &Connection, icon: &str, label: &str) {
    let entries = menu(desktop, icon);
    let id = entries.get(label).unwrap_or_else(|| panic!("no {label} in {entries:?}"));
    let event = (*id, "clicked", Value::I32(0), 0_u32);
    desktop.call_method(Some(icon), "/MenuBar", Some("com.canonical.dbusmenu"), "Event", &event).unwrap();
}

#[test]
fn the_icon_in_the_tray_opens_pages_and_closes_the_window() {
    let (Some(programs), Some(display), Some(bus)) = (programs(), Display::start(), Bus::start()) else {
        return;
    };
    let (desktop, _, shown) = desktop(&bus);
    let mut node = node(&programs);
    let folder = tempfile::tempdir().unwrap();
    let mut window = asked(&display, &bus, folder.path(), &[&attach(&node)]);
    let reader = bus.reader();
    reader.wait_for("Overview of miner");
    let icon = shown.recv_timeout(PATIENCE).expect("an icon");
    let title = desktop.call_method(
        Some(icon.as_str()),
        "/StatusNotifierItem",
        Some("org.freedesktop.DBus.Properties"),
        "Get",
        &("org.kde.StatusNotifierItem", "Title"),
    );
    let title: OwnedValue = title.unwrap().body().deserialize().unwrap();
    assert_eq!(String::try_from(title).unwrap(), "Bitcoin – regtest");
    choose(&desktop, &icon, "Receive");
    reader.wait_for("QR code of bcrt1");
    // Switched off it goes, and nothing else does.
    reader.press("page tab", "Settings");
    reader.press("check box", "Show an icon in the desktop's tray");
    wait_until("no icon", || {
        desktop.call_method(Some(icon.as_str()), "/", None::<&str>, "Nothing", &()).is_err_and(|error| {
            matches!(&error, zbus::Error::MethodError(name, ..) if name.as_str().ends_with("ServiceUnknown"))
        })
    });
    reader.press("check box", "Show an icon in the desktop's tray");
    let icon = shown.recv_timeout(PATIENCE).expect("an icon again");
    choose(&desktop, &icon, "Close");
    assert_eq!(window.ends().code(), Some(0));
    node.stop().unwrap();
}
