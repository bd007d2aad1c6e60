//! Notices that the desktop shows.
//!
//! In: notices. Out: calls of `org.freedesktop.Notifications.Notify`. What comes soon after another one waits, and is told
//! together with what else came meanwhile.

use std::collections::HashMap;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::zvariant::Value;

use crate::model::notices::Notice;
use crate::model::prefs::Prefs;
use crate::text::address::one_line;
use crate::text::amount;
use crate::text::words::{known, speak, t};

/// The time between two of them.
pub(super) const PAUSE: Duration = Duration::from_secs(5);
/// How long the desktop may take for one.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// Who tells it.
    pub(super) title: String,
    /// What is told, as the markup of notices has it.
    pub(super) body: String,
}

/// Whoever shows it.
pub(super) trait Post {
    /// Shows it, or says why not.
    fn post(&mut self, note: &Note) -> Result<(), String>;
}

/// Has somebody show notices until there are no more. Why that fails is logged once.
pub(super) fn tell_all(
    title: &str,
    notices: &Receiver<(Notice, Prefs)>,
    post: &mut dyn Post,
    pause: Duration,
) {
    let mut failed = false;
    while let Ok(first) = notices.recv() {
        let (mut count, mut latest) = (1_u32, first);
        for next in notices.try_iter() {
            (count, latest) = (count.saturating_add(1), next);
        }
        let (notice, prefs) = latest;
        let body = body(&notice, &prefs, count);
        match post.post(&Note { title: title.to_owned(), body }) {
            Ok(()) => failed = false,
            Err(error) if !failed => {
                failed = true;
                tracing::info!(target: "gui", "The desktop shows no notices: {error}");
            }
            Err(_) => {}
        }
        std::thread::sleep(pause);
    }
}

/// What is told of the latest one of so many. It may be on a screen that others see.
fn body(notice: &Notice, prefs: &Prefs, count: u32) -> String {
    speak(prefs.language);
    let mut text = one_line(&known(&notice.text));
    if let Some(amount) = notice.amount.filter(|_| !prefs.hide_amounts) {
        text = format!("{text}: {}", amount::plain(amount, prefs.unit));
    }
    if count > 1 {
        text = t!("{count} notices; the latest one: {text}", count, text);
    }
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The session's bus, once it was needed.
#[derive(Default)]
pub(super) struct Bus(Option<Connection>);

impl Post for Bus {
    fn post(&mut self, note: &Note) -> Result<(), String> {
        let told = self.tell(note);
        if told.is_err() {
            // Another one may be there next time.
            self.0 = None;
        }
        told.map_err(|error| error.to_string())
    }
}

impl Bus {
    fn tell(&mut self, note: &Note) -> zbus::Result<()> {
        let connection = match &self.0 {
            Some(connection) => connection,
            None => self.0.insert(Builder::session()?.method_timeout(PATIENCE).build()?),
        };
        let hints: HashMap<&str, Value<'_>> = HashMap::from([
            ("desktop-entry", Value::from("bitcoin-gui")),
            // Neither low nor one that stays until it is clicked.
            ("urgency", Value::from(1_u8)),
        ]);
        let actions: &[&str] = &[];
        let usual = -1_i32;
        connection.call_method(
            Some("org.freedesktop.Notifications"),
            "/org/freedesktop/Notifications",
            Some("org.freedesktop.Notifications"),
            "Notify",
            &("bitcoin-gui", 0_u32, "", &note.title, &note.body, actions, hints, usual),
        )?;
        Ok(())
    }
}
