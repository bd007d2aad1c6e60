//! Labels in files.
//!
//! In: the path of a file. Out: the wallet's labels in it, or its labels in the wallet.

use std::io::Read as _;
use std::path::Path;

use bitcoin_ipc::types::{AddressPurpose, Destination};

use super::read::ask;
use super::{Held, write};
use crate::engine::Failure;
use crate::model::bip329;
use crate::text::address;
use crate::text::words::say;

/// The most bytes of a file that is read.
const LARGEST: u64 = 100_000_000;

/// Writes the wallet's labels to a new file.
pub(super) fn export(held: &Held, name: &str, path: &str) -> Result<String, Failure> {
    let entries = ask(held, name, |wallet| wallet.get_addresses())?;
    let labels: Vec<(String, String)> = entries
        .into_iter()
        .filter(|entry| !entry.name.is_empty())
        .filter_map(|entry| Some((entry.dest.address(held.network)?.to_string(), entry.name)))
        .collect();
    let text = bip329::write(labels.iter().map(|(address, label)| (address.as_str(), label.as_str())));
    write(Path::new(path), text.as_bytes())
        .map_err(|error| Failure::refused(say!("{path} is not written: {error}", path, error)))?;
    Ok(say!("{path} is written: {count} labels.", path, count = labels.len()))
}

/// Takes the labels of a file, all or, if one is of another network, none.
pub(super) fn import(held: &Held, name: &str, path: &str) -> Result<String, Failure> {
    let failed =
        |error: std::io::Error| Failure::refused(say!("{path} cannot be read: {error}", path, error));
    let mut text = String::new();
    std::fs::File::open(path).map_err(failed)?.take(LARGEST).read_to_string(&mut text).map_err(failed)?;
    let labels = bip329::read(&text).map_err(Failure::refused)?;
    let read = |(place, label): &(String, String)| {
        let address =
            address::parse(place, held.network).map_err(|why| Failure::refused(format!("{place}: {why}")))?;
        Ok((Destination::from(&address), label.clone()))
    };
    let known = labels.addresses.iter().map(read).collect::<Result<Vec<_>, Failure>>()?;
    for (to, label) in &known {
        ask(held, name, |wallet| {
            let mine = wallet.is_spendable(to)?;
            let purpose = if mine { AddressPurpose::Receive } else { AddressPurpose::Send };
            wallet.set_address_book(to, label, purpose)
        })?;
    }
    let others = match labels.others {
        0 => String::new(),
        count => say!(" {count} are of what has no labels here.", count),
    };
    Ok(say!("{count} labels are taken over.{others}", count = known.len(), others))
}
