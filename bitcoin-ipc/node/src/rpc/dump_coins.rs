//! The command `dumptxoutset`.
//!
//! In: a block, the last one or an earlier one. Out: a file with every coin after it, in the form that
//! Bitcoin Core's `loadtxoutset` reads, and the hash over them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use bitcoin::consensus::Encodable;
use bitcoin::{Network, Txid, VarInt};
use bitcoin_init::owner;
use bitcoin_ipc::types::Coin;
use serde_json::json;

use super::coins::{LOOK_UP, SetHash};
use super::command::Kind::{Object, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, Code, RpcError, failed, invalid};
use super::value;
use crate::chainstate::Place;
use crate::index::{Error, Past, View};

/// How such a file begins, and of which form it is: Bitcoin Core's `SnapshotMetadata`.
const MAGIC: &[u8] = b"utxo\xff";
const VERSION: u16 = 2;

pub(super) const COMMANDS: &[Command] = &[command(
    "blockchain",
    "dumptxoutset",
    "Writes all unspent outputs to a file, as they are or as they were after an earlier block.",
    dump,
)
.args(&[
    arg("path", Text, "The file, which must not be there; a relative path counts from the network's directory."),
    arg("type", Text, "\"latest\" for the last block, \"rollback\" for an earlier one.").default("\"\""),
    arg(
        "options",
        Object,
        "rollback: the height or the hash of the earlier block (the last one whose coins Bitcoin Core knows by \
         their hash); in_memory: without effect, what has changed since is always held in memory (false).",
    )
    .optional()
    .shape("{\"rollback\":n,\"in_memory\":bool,...}")
    .fields(&["rollback", "in_memory"]),
])];

/// The greatest height whose set of coins Bitcoin Core v32 can load.
fn known_height(network: Network) -> u32 {
    match network {
        Network::Bitcoin => 935_000,
        Network::Testnet => 4_840_000,
        Network::Testnet4 => 120_000,
        Network::Signet => 290_000,
        Network::Regtest => 299,
    }
}

/// The block that is asked for; `None` for the last one.
fn wanted(call: &Call<'_>) -> Answer<Option<Place>> {
    let kind = call.text_or(1, "")?;
    match call.get(2).and_then(|options| value::field(options, "rollback")) {
        Some(_) if !matches!(kind, "" | "rollback") => {
            invalid(format!("Invalid snapshot type \"{kind}\" specified with rollback option"))
        }
        Some(block) => call.place_of(block).map(Some),
        None if kind == "rollback" => call.place_of(&known_height(call.state.network()).into()).map(Some),
        None if kind == "latest" => Ok(None),
        None => invalid(format!(
            "Invalid snapshot type \"{kind}\" specified. Please specify \"rollback\" or \"latest\""
        )),
    }
}

/// A file that is removed unless it is finished.
struct Unfinished(Option<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            let _ = fs::remove_file(path);
        }
    }
}

fn dump(call: &Call<'_>) -> Answer {
    let wanted = wanted(call)?;
    if let Some(flag) = call.get(2).and_then(|options| value::field(options, "in_memory")) {
        value::flag(flag)?;
    }
    let path = call.shared.options.directory.join(call.text(0)?);
    if path.symlink_metadata().is_ok() {
        let path = path.display();
        let text = format!(
            "{path} already exists. If you are sure this is what you want, move it out of the way first"
        );
        return invalid(text);
    }
    let mut unfinished = path.clone().into_os_string();
    unfinished.push(".incomplete");
    let unfinished = PathBuf::from(unfinished);
    let Ok(file) = owner::create(&unfinished) else {
        return invalid(format!("Couldn't open file {} for writing.", unfinished.display()));
    };
    let mut guard = Unfinished(Some(unfinished.clone()));
    let view = call.state.index().view()?;
    let place = wanted.unwrap_or(view.best());
    if view.hash_at(place.height)? != Some(place.hash) {
        return invalid("Block is not in main chain");
    }
    let (count, hash) = write(call, &view, place, file)?;
    let written = |error: io::Error| RpcError::new(Code::MiscError, format!("{}: {error}", path.display()));
    fs::rename(&unfinished, &path).and_then(|()| sync_folder(&path)).map_err(written)?;
    guard.0 = None;
    Ok(json!({
        "coins_written": count,
        "base_hash": place.hash.to_string(),
        "base_height": place.height,
        "path": path,
        "txoutset_hash": hash,
        "nchaintx": view.block(place.hash)?.map(|facts| facts.chain_tx_count),
    }))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Writes the coins after a block; gives how many there are, and the hash over them.
fn write(call: &Call<'_>, view: &View, place: Place, file: File) -> Answer<(u64, Option<String>)> {
    let interrupted = || call.is_over();
    let past = match Past::new(view, call.state.chain(), place, &interrupted) {
        Err(Error::Interrupted) => return failed("Interrupted"),
        past => past?,
    };
    // The number of coins stands at the front of the file.
    let (mut count, mut over, mut hash) = (0_u64, false, SetHash::Serialized(Box::default()));
    past.for_each_coin(|outpoint, coin| {
        count += 1;
        over = count.is_multiple_of(LOOK_UP) && call.is_over();
        hash.add(&outpoint, coin);
        if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let mut writer = Writer { file: BufWriter::new(file), transaction: None };
    let mut outcome = writer.begin(call.state.network(), place, count);
    let mut seen = 0_u64;
    past.for_each_coin(|outpoint, coin| {
        seen += 1;
        over = over || (seen.is_multiple_of(LOOK_UP) && call.is_over());
        outcome = match &outcome {
            Ok(()) => writer.coin(outpoint.txid, outpoint.vout, coin),
            Err(_) => return ControlFlow::Break(()),
        };
        if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if over {
        return failed("Interrupted");
    }
    match outcome.and_then(|()| writer.finish()) {
        Ok(()) => Ok((count, hash.finish().map(|(_, hash)| hash))),
        Err(error) => failed(format!("The file cannot be written: {error}")),
    }
}

/// Writes coins, those of a transaction together.
struct Writer {
    file: BufWriter<File>,
    /// A transaction, how many coins it has, and their bytes.
    transaction: Option<(Txid, u64, Vec<u8>)>,
}

impl Writer {
    fn begin(&mut self, network: Network, place: Place, count: u64) -> io::Result<()> {
        self.file.write_all(MAGIC)?;
        VERSION.consensus_encode(&mut self.file)?;
        network.magic().consensus_encode(&mut self.file)?;
        place.hash.consensus_encode(&mut self.file)?;
        count.consensus_encode(&mut self.file)?;
        Ok(())
    }

    fn coin(&mut self, txid: Txid, vout: u32, coin: &Coin) -> io::Result<()> {
        if self.transaction.as_ref().is_none_or(|(last, ..)| *last != txid) {
            self.flush()?;
            self.transaction = Some((txid, 0, Vec::new()));
        }
        if let Some((_, count, bytes)) = &mut self.transaction {
            *count += 1;
            VarInt::from(vout).consensus_encode(bytes)?;
            bytes.extend(coin.to_bytes());
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some((txid, count, bytes)) = self.transaction.take() else { return Ok(()) };
        txid.consensus_encode(&mut self.file)?;
        VarInt::from(count).consensus_encode(&mut self.file)?;
        self.file.write_all(&bytes)
    }

    fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}
