//! What is asked, by subject.

mod addresses;
mod chain;
mod payments;
mod spending;
mod wallets;

use super::chapter::Chapter;

/// All chapters.
pub(crate) const CHAPTERS: &[Chapter] =
    &[chain::CHAPTER, addresses::CHAPTER, payments::CHAPTER, spending::CHAPTER, wallets::CHAPTER];
