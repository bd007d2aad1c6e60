//! The scripts of a watch, and what concerns them.
//!
//! In: scripts, transactions with the coins that they spend. Out: whether a transaction pays or spends a
//! script.

use std::collections::HashSet;
use std::sync::Arc;

use bitcoin::{Block, Script, ScriptBuf, Transaction};
use mp_runtime::{Error, ErrorKind, Result};

use super::{MAX_WATCHED_BYTES, MAX_WATCHED_SCRIPTS, WatchedTransaction};
use crate::types::BlockUndo;

/// Scripts to look for. A clone costs nothing until one of the two changes.
#[derive(Clone, Debug, Default)]
pub struct ScriptSet {
    scripts: Arc<HashSet<ScriptBuf>>,
    bytes: usize,
}

impl ScriptSet {
    /// Adds scripts; those that are there already count once.
    ///
    /// # Errors
    ///
    /// Of kind [`Overloaded`](ErrorKind::Overloaded), when there would be more than
    /// [`MAX_WATCHED_SCRIPTS`] or they would have more than [`MAX_WATCHED_BYTES`] together: none is added
    /// then.
    pub fn add(&mut self, scripts: &[ScriptBuf]) -> Result<()> {
        let new: HashSet<&ScriptBuf> =
            scripts.iter().filter(|script| !self.scripts.contains(*script)).collect();
        let bytes = self.bytes + new.iter().map(|script| script.len()).sum::<usize>();
        if self.scripts.len() + new.len() > MAX_WATCHED_SCRIPTS || bytes > MAX_WATCHED_BYTES {
            let text = format!(
                "a watch has at most {MAX_WATCHED_SCRIPTS} scripts of {MAX_WATCHED_BYTES} bytes together"
            );
            return Err(Error::new(ErrorKind::Overloaded, text));
        }
        if !new.is_empty() {
            Arc::make_mut(&mut self.scripts).extend(new.into_iter().cloned());
            self.bytes = bytes;
        }
        Ok(())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scripts.is_empty()
    }

    /// The scripts, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Script> + Clone {
        self.scripts.iter().map(ScriptBuf::as_script)
    }

    /// Whether a script is one of them.
    #[must_use]
    pub fn contains(&self, script: &Script) -> bool {
        self.scripts.contains(script)
    }

    /// Whether a transaction pays one of them.
    #[must_use]
    pub fn is_paid_by(&self, tx: &Transaction) -> bool {
        tx.output.iter().any(|output| self.contains(&output.script_pubkey))
    }

    /// The transactions of a block that pay or spend one of them.
    #[must_use]
    pub fn concerned(&self, block: &Block, undo: &BlockUndo) -> Vec<WatchedTransaction> {
        // The coinbase spends nothing, and has no entry in the undo data.
        let none: &[_] = &[];
        let spent = undo.transactions.iter().map(|tx| &tx.spent[..]);
        let transactions =
            (0..).zip(&block.txdata).zip(std::iter::once(none).chain(spent.chain(std::iter::repeat(none))));
        let concerned = transactions.filter(|((_, tx), spent)| {
            self.is_paid_by(tx) || spent.iter().any(|coin| self.contains(&coin.output.script_pubkey))
        });
        concerned.map(|((index, tx), _)| WatchedTransaction { index, tx: tx.clone() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(number: usize, length: usize) -> ScriptBuf {
        let mut bytes = number.to_be_bytes().to_vec();
        bytes.resize(length, 0);
        ScriptBuf::from_bytes(bytes)
    }

    #[test]
    fn beyond_a_limit_nothing_is_added() {
        let mut set = ScriptSet::default();
        let many: Vec<_> = (0..MAX_WATCHED_SCRIPTS).map(|number| script(number, 8)).collect();
        set.add(&many[1..]).unwrap();
        let before = set.clone();
        let two = [many[0].clone(), script(MAX_WATCHED_SCRIPTS, 8)];
        assert_eq!(set.add(&two).unwrap_err().kind(), ErrorKind::Overloaded);
        assert_eq!(set.scripts, before.scripts);
        // Known ones do not count again.
        set.add(&many).unwrap();
        assert!(set.contains(&many[0]) && !before.contains(&many[0]));
        assert!(set.add(&two[1..]).is_err());

        let mut set = ScriptSet::default();
        set.add(&[script(1, MAX_WATCHED_BYTES)]).unwrap();
        assert_eq!(set.add(&[script(2, 8)]).unwrap_err().kind(), ErrorKind::Overloaded);
    }
}
