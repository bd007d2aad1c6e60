//! The callbacks of `wallet.capnp`: what a GUI hears of wallets.

use bitcoin::Txid;
use mp_runtime::{Result, ipc_interface};

use crate::files::WALLET;
use crate::types::{AddressPurpose, Bitcoin, ChangeType, Destination};

/// Hears that a wallet is about to be unloaded.
pub type UnloadWalletFn = Box<dyn Fn() -> Result<()> + Send + Sync>;

/// Hears that a wallet is about to be unloaded. See [`UnloadWalletFn`].
#[ipc_interface(
    file = WALLET,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Wallet::UnloadFn>"
)]
pub trait UnloadWalletCallback: Send + Sync {
    /// Whoever holds the wallet has to let go of it.
    fn call(&self) -> Result<()>;
}

/// Hears how far something is: what it is, and hundredths.
pub type ShowWalletProgressFn = Box<dyn Fn(&str, i32) -> Result<()> + Send + Sync>;

/// Hears how far something is. See [`ShowWalletProgressFn`].
#[ipc_interface(
    file = WALLET,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Wallet::ShowProgressFn>"
)]
pub trait ShowWalletProgressCallback: Send + Sync {
    /// Shows it, in hundredths; 100 is the end.
    fn call(&self, title: &str, progress: i32) -> Result<()>;
}

/// Hears that a wallet was encrypted, locked or unlocked.
pub type StatusChangedFn = Box<dyn Fn() -> Result<()> + Send + Sync>;

/// Hears that a wallet was encrypted, locked or unlocked. See [`StatusChangedFn`].
#[ipc_interface(
    file = WALLET,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Wallet::StatusChangedFn>"
)]
pub trait StatusChangedCallback: Send + Sync {
    /// One of these happened.
    fn call(&self) -> Result<()>;
}

/// Hears of a change in the address book: the address, its label, whether it is the wallet's own,
/// what it is for, and what happened to it.
pub type AddressBookChangedFn =
    Box<dyn Fn(&Destination, &str, bool, AddressPurpose, ChangeType) -> Result<()> + Send + Sync>;

/// Hears of a change in the address book. See [`AddressBookChangedFn`].
#[ipc_interface(
    file = WALLET,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Wallet::AddressBookChangedFn>"
)]
pub trait AddressBookChangedCallback: Send + Sync {
    /// An entry is new, changed or gone.
    fn call(
        &self,
        address: &Destination,
        label: &str,
        is_mine: bool,
        purpose: AddressPurpose,
        status: ChangeType,
    ) -> Result<()>;
}

/// Hears of a change of a transaction, and what happened to it.
pub type TransactionChangedFn = Box<dyn Fn(Txid, ChangeType) -> Result<()> + Send + Sync>;

/// Hears of a change of a transaction. See [`TransactionChangedFn`].
#[ipc_interface(
    file = WALLET,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Wallet::TransactionChangedFn>"
)]
pub trait TransactionChangedCallback: Send + Sync {
    /// A transaction is new, changed or gone.
    fn call(&self, txid: Txid, status: ChangeType) -> Result<()>;
}

/// Hears that a wallet may have begun or ceased to give addresses.
pub type CanGetAddressesChangedFn = Box<dyn Fn() -> Result<()> + Send + Sync>;

/// Hears that a wallet may have begun or ceased to give addresses. See [`CanGetAddressesChangedFn`].
#[ipc_interface(
    file = WALLET,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Wallet::CanGetAddressesChangedFn>"
)]
pub trait CanGetAddressesChangedCallback: Send + Sync {
    /// [`Wallet::can_get_addresses`](super::Wallet::can_get_addresses) may give something else.
    fn call(&self) -> Result<()>;
}
