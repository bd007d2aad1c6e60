//! Chapters whose cases need more than the language of `script` has.

mod spending;

use super::chapter::Tell;

/// A chapter, with the words that its file would begin with, and its cases.
pub(crate) type Written = (&'static str, &'static str, &'static [(&'static str, Tell)]);

pub(crate) const CHAPTERS: &[Written] = &[spending::CHAPTER];
