//! What becomes of those who do not listen.

use std::sync::mpsc::{Receiver, Sender, channel};

use bitcoin::{Amount, ScriptBuf, TxOut, absolute, transaction};

use bitcoin::Transaction;
use bitcoin_ipc::types::{BlockLocator, ChainstateRole};
use mp_runtime::{Error, ErrorKind};

use super::queue::{PATIENCE, ROOM};
use super::*;

const LONG: Duration = Duration::from_secs(60);

/// Hears transactions, and is stuck, panics or fails as it is told.
struct NotificationsReceiver {
    free: Mutex<Receiver<()>>,
    heard: Sender<&'static str>,
    panics: bool,
}

impl ChainNotifications for NotificationsReceiver {
    fn transaction_added_to_mempool(&self, _: &Transaction) -> Result<()> {
        assert!(!self.panics, "for a test");
        let _ = lock(&self.free).recv();
        let _ = self.heard.send("added");
        Ok(())
    }

    fn updated_block_tip(&self) -> Result<()> {
        let _ = self.heard.send("tip");
        Ok(())
    }

    fn chain_state_flushed(&self, _: ChainstateRole, _: &BlockLocator) -> Result<()> {
        let _ = self.heard.send("flushed");
        Ok(())
    }
}

struct Setup {
    notifier: Notifier,
    registration: Registration,
    free: Sender<()>,
    heard: Receiver<&'static str>,
}

fn setup(panics: bool) -> Setup {
    let notifier = Notifier::new();
    let ((free, held), (say, heard)) = (channel(), channel());
    let receiver = NotificationsReceiver { free: Mutex::new(held), heard: say, panics };
    let read: Read = Box::new(|_| Err(Error::failed("no such block")));
    let registration = notifier.register(Arc::new(receiver), read).unwrap();
    Setup { notifier, registration, free, heard }
}

fn added(bytes: usize) -> Event {
    let output = TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::from_bytes(vec![0; bytes]) };
    let version = transaction::Version::TWO;
    let lock_time = absolute::LockTime::ZERO;
    Event::Added(Arc::new(Transaction { version, lock_time, input: Vec::new(), output: vec![output] }))
}

/// All that is heard until the listener is dropped.
fn all(heard: &Receiver<&'static str>) -> Vec<&'static str> {
    let all: Vec<_> = std::iter::from_fn(|| heard.recv_timeout(LONG).ok()).collect();
    assert!(
        heard.recv_timeout(LONG).is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Disconnected)
    );
    all
}

#[test]
fn one_that_lets_too_much_wait_is_dropped_and_who_waits_for_it_is_told() {
    for (count, bytes) in [(PATIENCE + 2, 10), (ROOM / 1_000_000 + 2, 1_000_000)] {
        let Setup { notifier, registration, free, heard } = setup(false);
        let event = added(bytes);
        for _ in 0..count {
            notifier.tell(&event);
        }
        let error = registration.drain().unwrap_err();
        assert!(error.text().contains("let too much wait"), "{error}");
        assert!(registration.watcher().drain().is_err() && registration.watcher().is_there());
        // Nothing of it waits any more, and nobody else is held up.
        assert_eq!(registration.queue.room(), 0);
        assert!(lock(&notifier.queues).is_empty());
        drop(free);
        assert!(all(&heard).len() <= 1);
        let watcher = registration.watcher();
        drop(registration);
        assert_eq!((watcher.drain(), watcher.is_there()), (Ok(()), false));
    }
}

#[test]
fn a_panic_ends_the_registration_with_an_error() {
    let Setup { notifier, registration, free: _free, heard } = setup(true);
    notifier.tell(&added(1));
    notifier.tell(&Event::Tip);
    let error = registration.drain().unwrap_err();
    assert!(error.text().contains("panicked"), "{error}");
    assert_eq!(all(&heard), [""; 0]);
    assert!(notifier.wait_until_told(&|| false));
}

#[test]
fn a_block_that_cannot_be_read_ends_it_too() {
    let Setup { notifier, registration, free: _free, heard } = setup(false);
    notifier.tell(&Event::Connected(
        bitcoin::constants::genesis_block(bitcoin::Network::Regtest).block_hash(),
        Weak::new(),
    ));
    assert!(registration.drain().unwrap_err().text().contains("could not be read"));
    assert_eq!(all(&heard), [""; 0]);
}

#[test]
fn one_that_hangs_is_not_waited_for_without_end() {
    let Setup { notifier, registration, free, heard } = setup(false);
    notifier.tell(&added(1));
    notifier.tell(&added(1));
    let wait = |time| registration.queue.drain(Duration::from_millis(time));
    assert_eq!(wait(1).unwrap_err().kind(), ErrorKind::Timeout);
    free.send(()).unwrap();
    assert_eq!(heard.recv_timeout(LONG), Ok("added"));
    assert_eq!(wait(1).unwrap_err().kind(), ErrorKind::Timeout);
    drop(free);
    assert_eq!(wait(60_000), Ok(()));
}

#[test]
fn of_what_says_that_something_changed_only_the_last_is_told() {
    let Setup { notifier, registration, free, heard } = setup(false);
    notifier.tell(&added(1));
    for _ in 0..10 {
        notifier.tell(&Event::Tip);
        notifier.tell(&Event::Flushed(Arc::default()));
    }
    notifier.tell(&added(1));
    drop(free);
    assert_eq!(registration.drain(), Ok(()));
    drop(registration);
    assert_eq!(all(&heard), ["added", "tip", "flushed", "added"]);
}
