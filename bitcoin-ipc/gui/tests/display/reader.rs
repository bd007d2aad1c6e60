//! What a screen reader gets (AT-SPI).
//!
//! In: a bus of messages of its own. Out: the tree of a program's window, and clicks on it, by the way that screen readers
//! and other aids take.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use zbus::blocking::{Connection, connection};
use zbus::zvariant::{OwnedObjectPath, OwnedValue};

use super::{PATIENCE, Process, wait_until};

const ROOT: &str = "/org/a11y/atspi/accessible/root";

/// A bus of messages, with what screen readers ask.
pub struct Bus {
    _daemon: Process,
    _folder: TempDir,
    pub address: String,
}

/// Something in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub role: String,
    pub name: String,
    at: (String, OwnedObjectPath),
}

/// A way to ask what windows show.
pub struct Reader(Connection);

impl Bus {
    /// A bus that says that a screen reader is there. Without the programs for it nothing.
    pub fn start() -> Option<Bus> {
        // It and what it starts have their sockets there.
        let folder = tempfile::Builder::new().prefix("bus-").tempdir_in("/tmp").unwrap();
        let mut command = Command::new("dbus-daemon");
        command.env("XDG_RUNTIME_DIR", folder.path());
        command.args(["--session", "--nofork", "--print-address"]);
        command.arg(format!("--address=unix:path={}", folder.path().join("bus").display()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut daemon) = command.spawn() else {
            eprintln!("SKIPPED: no dbus-daemon");
            return None;
        };
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let bus = Bus { _daemon: Process(daemon), _folder: folder, address: address.trim().to_owned() };
        let session = connection::Builder::address(bus.address.as_str()).unwrap().build().unwrap();
        let enabled = session.call_method(
            Some("org.a11y.Bus"),
            "/org/a11y/bus",
            Some("org.freedesktop.DBus.Properties"),
            "Set",
            &("org.a11y.Status", "IsEnabled", zbus::zvariant::Value::from(true)),
        );
        if let Err(error) = enabled {
            eprintln!("SKIPPED: no at-spi2-core: {error}");
            return None;
        }
        Some(bus)
    }

    /// What asks windows.
    pub fn reader(&self) -> Reader {
        let session = connection::Builder::address(self.address.as_str()).unwrap().build().unwrap();
        let answer = session.call_method(
            Some("org.a11y.Bus"),
            "/org/a11y/bus",
            Some("org.a11y.Bus"),
            "GetAddress",
            &(),
        );
        let address: String = answer.unwrap().body().deserialize().unwrap();
        Reader(connection::Builder::address(address.as_str()).unwrap().build().unwrap())
    }
}

/// What AT-SPI calls a role of this number, of those that windows here have.
fn role_name(role: u32) -> String {
    let name = match role {
        2 => "alert",
        7 => "check box",
        11 => "combo box",
        29 => "label",
        37 => "page tab",
        43 => "push button",
        62 => "toggle button",
        75 => "application",
        90 => "table row",
        101 => "notification",
        other => return format!("role {other}"),
    };
    name.to_owned()
}

impl Reader {
    fn children(&self, at: &(String, OwnedObjectPath)) -> Vec<(String, OwnedObjectPath)> {
        let interface = Some("org.a11y.atspi.Accessible");
        let answer = self.0.call_method(Some(at.0.as_str()), &at.1, interface, "GetChildren", &());
        answer.ok().and_then(|answer| answer.body().deserialize().ok()).unwrap_or_default()
    }

    fn item(&self, at: (String, OwnedObjectPath)) -> Option<Item> {
        let interface = Some("org.a11y.atspi.Accessible");
        let role = self.0.call_method(Some(at.0.as_str()), &at.1, interface, "GetRole", &());
        let role = role_name(role.ok()?.body().deserialize().ok()?);
        let name = self.0.call_method(
            Some(at.0.as_str()),
            &at.1,
            Some("org.freedesktop.DBus.Properties"),
            "Get",
            &("org.a11y.atspi.Accessible", "Name"),
        );
        let name: OwnedValue = name.ok()?.body().deserialize().ok()?;
        Some(Item { role, name: String::try_from(name).unwrap_or_default(), at })
    }

    /// The programs that show something.
    pub fn programs(&self) -> Vec<Item> {
        let root = ("org.a11y.atspi.Registry".to_owned(), OwnedObjectPath::try_from(ROOT).unwrap());
        self.children(&root).into_iter().filter_map(|at| self.item(at)).collect()
    }

    /// All that is in the windows of all programs, in the order in which it is read. What goes away meanwhile is left
    /// out.
    pub fn tree(&self) -> Vec<Item> {
        let mut open: Vec<Item> = self.programs();
        open.reverse();
        let mut all = Vec::new();
        while let Some(item) = open.pop() {
            let children = self.children(&item.at).into_iter().rev();
            open.extend(children.filter_map(|at| self.item(at)));
            all.push(item);
        }
        all
    }

    /// Whether there is something with this text in its name.
    pub fn sees(&self, text: &str) -> bool {
        self.tree().iter().any(|item| item.name.contains(text))
    }

    /// Waits for a text.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.sees(text) {
            let names: Vec<String> = self.tree().into_iter().map(|item| item.name).collect();
            assert!(Instant::now() < until, "it did not come: {text}; what is there: {names:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses what has this name, and can be pressed.
    #[track_caller]
    pub fn press(&self, role: &str, name: &str) {
        wait_until(name, || {
            let tree = self.tree();
            let Some(item) = tree.iter().find(|item| item.role == role && item.name == name) else {
                return false;
            };
            let interface = Some("org.a11y.atspi.Action");
            let pressed =
                self.0.call_method(Some(item.at.0.as_str()), &item.at.1, interface, "DoAction", &(0_i32,));
            pressed.is_ok_and(|answer| answer.body().deserialize::<bool>().unwrap_or_default())
        });
    }
}
