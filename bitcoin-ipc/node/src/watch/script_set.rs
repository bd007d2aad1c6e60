//! The scripts of one watch.
//!
//! In: scripts, within the limits of a watch. Out: whether transactions pay or spend one of them.

use std::collections::HashSet;

use bitcoin::{Block, Script, ScriptBuf, Transaction};
use bitcoin_ipc::interfaces::watch::{MAX_WATCHED_BYTES, MAX_WATCHED_SCRIPTS, WatchedTransaction};
use bitcoin_ipc::types::{BlockUndo, TxUndo};
use bitcoin_ipc::{Error, ErrorKind, Result};

/// Scripts that are watched: at most [`MAX_WATCHED_SCRIPTS`] with [`MAX_WATCHED_BYTES`] together.
#[derive(Clone, Debug, Default)]
pub struct ScriptSet {
    scripts: HashSet<ScriptBuf>,
    bytes: usize,
}

impl ScriptSet {
    /// Adds scripts; those that are there already count once.
    ///
    /// # Errors
    ///
    /// Of kind [`ErrorKind::Limit`] when there would be too many, and then none is added.
    pub fn insert(&mut self, scripts: impl IntoIterator<Item = ScriptBuf>) -> Result<()> {
        let mut added = HashSet::new();
        let mut bytes = self.bytes;
        for script in scripts {
            let length = script.len();
            if self.scripts.contains(&script) || !added.insert(script) {
                continue;
            }
            bytes += length;
            let count = self.scripts.len() + added.len();
            if count > MAX_WATCHED_SCRIPTS || bytes > MAX_WATCHED_BYTES {
                return Err(Error::new(
                    ErrorKind::Limit,
                    format!(
                        "a watch has at most {MAX_WATCHED_SCRIPTS} scripts of {MAX_WATCHED_BYTES} bytes \
                         together; it has {} of {} bytes, and none was added",
                        self.scripts.len(),
                        self.bytes
                    ),
                ));
            }
        }
        self.scripts.extend(added);
        self.bytes = bytes;
        Ok(())
    }

    /// How many scripts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scripts.len()
    }

    /// Whether there is no script.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scripts.is_empty()
    }

    /// Whether a script is watched.
    #[must_use]
    pub fn contains(&self, script: &Script) -> bool {
        self.scripts.contains(script)
    }

    /// Whether a transaction pays a watched script, or spends from one. `spent` are the scripts of
    /// the coins that it spends.
    #[must_use]
    pub fn concerns<'s>(&self, tx: &Transaction, spent: impl IntoIterator<Item = &'s Script>) -> bool {
        let paid = || tx.output.iter().any(|output| self.contains(&output.script_pubkey));
        !self.is_empty() && (paid() || spent.into_iter().any(|script| self.contains(script)))
    }

    /// The transactions of a block that pay or spend a watched script, in their order. `undo` are the
    /// coins that the block spent.
    ///
    /// # Errors
    ///
    /// Of kind [`ErrorKind::BadValue`] when the coins are not those of the block.
    pub fn of_block(&self, block: &Block, undo: &BlockUndo) -> Result<Vec<WatchedTransaction>> {
        let spending = block.txdata.iter().skip(1);
        let fits = |(tx, undo): (&Transaction, &TxUndo)| tx.input.len() == undo.spent.len();
        if spending.clone().count() != undo.transactions.len() || !spending.zip(&undo.transactions).all(fits)
        {
            return Err(Error::bad_value(format!(
                "the spent coins are not those of block {}",
                block.block_hash()
            )));
        }
        // The coinbase spends nothing.
        let spent = std::iter::once(&[][..]).chain(undo.transactions.iter().map(|undo| &undo.spent[..]));
        let all = (0..).zip(block.txdata.iter().zip(spent));
        let concerning = all.filter(|(_, (tx, spent))| {
            self.concerns(tx, spent.iter().map(|coin| coin.output.script_pubkey.as_script()))
        });
        Ok(concerning.map(|(index, (tx, _))| WatchedTransaction { index, tx: tx.clone() }).collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]
mod tests {
    use bitcoin::absolute::LockTime;
    use bitcoin::transaction::Version;
    use bitcoin::{Amount, Network, OutPoint, Sequence, TxIn, TxOut, Witness};
    use bitcoin_ipc::types::Coin;

    use super::*;

    fn script(number: u32) -> ScriptBuf {
        ScriptBuf::from_bytes(number.to_le_bytes().to_vec())
    }

    fn output(number: u32) -> TxOut {
        TxOut { value: Amount::from_sat(1), script_pubkey: script(number) }
    }

    fn pays(numbers: &[u32]) -> Transaction {
        let input = TxIn {
            previous_output: OutPoint::null(),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        };
        Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![input],
            output: numbers.iter().copied().map(output).collect(),
        }
    }

    fn spent(numbers: &[u32]) -> TxUndo {
        let coin = |number: &u32| Coin { output: output(*number), height: 1, coinbase: false };
        TxUndo { spent: numbers.iter().map(coin).collect() }
    }

    #[test]
    fn what_pays_and_what_spends_is_found_in_a_block() {
        let mut block = bitcoin::constants::genesis_block(Network::Regtest);
        block.txdata = vec![pays(&[1]), pays(&[2]), pays(&[8, 3]), pays(&[4])];
        let undo = BlockUndo { transactions: vec![spent(&[5]), spent(&[6]), spent(&[7])] };
        let found = |watched: &[u32]| -> Vec<u32> {
            let mut set = ScriptSet::default();
            set.insert(watched.iter().copied().map(script)).unwrap();
            let found = set.of_block(&block, &undo).unwrap();
            assert!(found.iter().all(|found| found.tx == block.txdata[found.index as usize]));
            found.iter().map(|found| found.index).collect()
        };
        assert_eq!(found(&[]), [0; 0]);
        assert_eq!(found(&[9]), [0; 0]);
        assert_eq!(found(&[1]), [0], "the coinbase pays");
        assert_eq!(found(&[3]), [2], "a second output pays");
        assert_eq!(found(&[5]), [1], "the first transaction after the coinbase spends");
        assert_eq!(found(&[7, 4]), [3], "one transaction pays and spends");
        assert_eq!(found(&[7, 2, 1]), [0, 1, 3]);
    }

    #[test]
    fn coins_of_another_block_are_refused() {
        let mut block = bitcoin::constants::genesis_block(Network::Regtest);
        block.txdata = vec![pays(&[1]), pays(&[2])];
        let set = ScriptSet::default();
        for undo in [vec![], vec![spent(&[])], vec![spent(&[1, 2])], vec![spent(&[1]), spent(&[1])]] {
            let error = set.of_block(&block, &BlockUndo { transactions: undo }).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BadValue);
        }
        assert!(set.of_block(&block, &BlockUndo { transactions: vec![spent(&[1])] }).is_ok());
    }

    #[test]
    fn a_set_takes_so_many_scripts_and_no_more() {
        let mut set = ScriptSet::default();
        let most = u32::try_from(MAX_WATCHED_SCRIPTS).unwrap();
        set.insert((1..most).map(script)).unwrap();
        let error = set.insert([script(0), script(1), script(most)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
        assert!(!set.contains(&script(0)), "all of them or none");
        set.insert([script(0), script(0), script(1)]).unwrap();
        assert_eq!(set.len(), MAX_WATCHED_SCRIPTS);
        assert!(set.contains(&script(0)));
    }

    #[test]
    fn a_set_takes_so_many_bytes_and_no_more() {
        let long = |byte: u8| ScriptBuf::from_bytes(vec![byte; MAX_WATCHED_BYTES / 2]);
        let mut set = ScriptSet::default();
        set.insert([long(1), long(1), long(2)]).unwrap();
        assert_eq!(set.insert([script(1)]).unwrap_err().kind(), ErrorKind::Limit);
        set.insert([ScriptBuf::new()]).unwrap();
        assert_eq!(set.len(), 3);
    }
}
