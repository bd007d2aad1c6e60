//! Tests of the whole window, on a node and wallets in memory: the tree that a screen reader gets is asked and clicked.

mod fake;
mod gui;
mod pages;
mod processes;

pub(crate) use gui::Gui;
