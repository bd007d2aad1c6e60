//! What is outside the window: notices of the desktop, and an icon in its tray.
//!
//! In: models, what the user likes, whether the window is in front. Out: messages on the session's bus, and what the
//! user wants of the icon. Where there is no bus, or nobody who shows them, the log says so and nothing else happens.

mod notify;
mod tray;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use crate::model::Model;
use crate::model::notices::Notice;
use crate::model::prefs::Prefs;
pub(crate) use tray::Icon;

/// What hears the news for the desktop. Clones are the same.
#[derive(Clone)]
pub(crate) struct Desktop {
    known: Arc<Mutex<Known>>,
    notices: mpsc::Sender<(Notice, Prefs)>,
    prefs: mpsc::Sender<Prefs>,
}

struct Known {
    prefs: Prefs,
    /// Whether the window is in front: then it tells everything itself.
    front: bool,
    /// The last notice that was looked at.
    last: u64,
}

impl Desktop {
    /// Starts the threads that talk to the desktop, for a window with this title. They end with it.
    ///
    /// # Errors
    ///
    /// There can be no more threads.
    pub(crate) fn start(title: &str, prefs: &Prefs, icon: Icon) -> std::io::Result<Desktop> {
        let (desktop, notices, liked) = Desktop::new(prefs);
        let title = title.to_owned();
        std::thread::Builder::new()
            .name("notices".to_owned())
            .spawn(move || notify::tell_all(&title, &notices, &mut notify::Bus::default(), notify::PAUSE))?;
        std::thread::Builder::new().name("tray".to_owned()).spawn(move || tray::follow(icon, &liked))?;
        desktop.like(prefs);
        Ok(desktop)
    }

    fn new(prefs: &Prefs) -> (Desktop, mpsc::Receiver<(Notice, Prefs)>, mpsc::Receiver<Prefs>) {
        let (notices, of_notices) = mpsc::channel();
        let (liked, of_prefs) = mpsc::channel();
        let known = Known { prefs: prefs.clone(), front: false, last: 0 };
        (Desktop { known: Arc::new(Mutex::new(known)), notices, prefs: liked }, of_notices, of_prefs)
    }

    /// There is another model.
    pub(crate) fn hear(&self, model: &Model) {
        let mut known = self.known();
        let last = std::mem::replace(&mut known.last, model.notices.last());
        if known.front || !known.prefs.notices {
            return;
        }
        for notice in model.notices.since(last).filter(|notice| notice.urgent) {
            // Without its thread nobody is told.
            let _ = self.notices.send((notice.clone(), known.prefs.clone()));
        }
    }

    /// The user likes something else.
    pub(crate) fn like(&self, prefs: &Prefs) {
        self.known().prefs = prefs.clone();
        let _ = self.prefs.send(prefs.clone());
    }

    /// The window has come to the front, or something else has.
    pub(crate) fn front(&self, front: bool) {
        self.known().front = front;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::notify::{Note, Post, tell_all};
    use super::*;
    use crate::model::Level;
    use crate::text::words::Language;

    /// Keeps what it is told.
    #[derive(Default)]
    struct Kept(Vec<Note>);

    impl Post for Kept {
        fn post(&mut self, note: &Note) -> Result<(), String> {
            self.0.push(note.clone());
            Ok(())
        }
    }

    /// What the desktop is told of these models.
    fn told(prefs: &Prefs, front: bool, models: &[Model]) -> Vec<Note> {
        let (desktop, notices, _liked) = Desktop::new(prefs);
        desktop.front(front);
        models.iter().for_each(|model| desktop.hear(model));
        drop(desktop);
        let mut kept = Kept::default();
        tell_all("Bitcoin – regtest", &notices, &mut kept, Duration::ZERO);
        kept.0
    }

    fn payment(count: u64) -> Model {
        let mut model = Model::default();
        for number in 0..count {
            let text = format!("Received in the wallet <b>{number}</b> & co");
            Arc::make_mut(&mut model.notices).add_urgent(
                Level::Information,
                text,
                Some(150_000_000 + number),
            );
        }
        model
    }

    #[test]
    fn a_payment_is_told_once_and_as_plain_text() {
        let model = payment(1);
        let notes = told(&Prefs::default(), false, &[model.clone(), model]);
        let body = "Received in the wallet &lt;b&gt;0&lt;/b&gt; &amp; co: 1.50000000 BTC";
        assert_eq!(notes, [Note { title: "Bitcoin – regtest".to_owned(), body: body.to_owned() }]);
    }

    #[test]
    fn a53_hidden_amounts_are_not_told_to_the_desktop() {
        let prefs = Prefs { hide_amounts: true, ..Prefs::default() };
        let notes = told(&prefs, false, &[payment(1)]);
        assert_eq!(notes.len(), 1);
        assert!(!notes[0].body.contains("1.5") && !notes[0].body.contains("BTC"), "{}", notes[0].body);
    }

    #[test]
    fn a_flood_is_one_note() {
        let notes = told(&Prefs::default(), false, &[payment(1_000)]);
        assert_eq!(notes.len(), 1);
        // So many are kept at all.
        assert!(notes[0].body.starts_with("200 notices; the latest one: Received"), "{}", notes[0].body);
    }

    #[test]
    fn nothing_is_told_that_is_seen_or_not_wanted() {
        let off = Prefs { notices: false, ..Prefs::default() };
        assert_eq!(told(&off, false, &[payment(3)]), []);
        assert_eq!(told(&Prefs::default(), true, &[payment(3)]), []);
        let mut model = Model::default();
        Arc::make_mut(&mut model.notices).add(Level::Warning, "The node is not there: nothing was done.");
        assert_eq!(told(&Prefs::default(), false, &[model.clone()]), [], "it is not urgent");
        Arc::make_mut(&mut model.notices).add(Level::Error, "The disk is full.");
        assert_eq!(told(&Prefs::default(), false, &[model]).len(), 1);
    }

    #[test]
    fn the_desktop_is_told_in_the_users_language() {
        let mut model = Model::default();
        let text = "The wallet process has ended.";
        Arc::make_mut(&mut model.notices).add_urgent(Level::Information, text, None);
        let prefs = Prefs { language: Language::German, ..Prefs::default() };
        assert_eq!(told(&prefs, false, &[model])[0].body, "Der Prozess der Wallets hat geendet.");
    }
}
