//! What answers are made of.
//!
//! In: calls, and a node that counts what it is asked. Out: a table, and whether it is the one that is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bitcoin_backend::{Core, Method};
use mp_runtime::Interface;

/// What the answers were made of, and how they are limited.
#[derive(Default)]
pub(crate) struct Table(BTreeMap<&'static str, (BTreeSet<Method>, String)>);

impl Table {
    /// Notes what the node is asked for a call.
    pub(crate) fn made_of<T>(
        &mut self,
        core: &Core,
        method: &'static str,
        limit: &str,
        call: impl FnOnce() -> T,
    ) -> T {
        let before = core.asked();
        let answer = call();
        let more = |(method, count): &(Method, u64)| before.get(method).copied().unwrap_or_default() < *count;
        // The followers ask by themselves.
        let asked = core.asked().into_iter().filter(more).map(|(method, _)| method);
        self.note(method, asked.filter(|method| *method != Method::WaitForNewBlock), limit);
        answer
    }

    pub(crate) fn note(
        &mut self,
        method: &'static str,
        asked: impl IntoIterator<Item = Method>,
        limit: &str,
    ) {
        let row = self.0.entry(method).or_default();
        row.0.extend(asked);
        limit.clone_into(&mut row.1);
    }

    pub(crate) fn copy(&mut self, from: &'static str, to: &'static str) {
        let row = self.0[from].clone();
        self.0.insert(to, row);
    }

    /// The table after a head and before an end, beside the file of the library that keeps it; `MP_METHODS=write` writes
    /// that. Each method of the interface is in it.
    pub(crate) fn kept<I: Interface + ?Sized>(&self, file: &str, head: &str, end: &str) {
        let of_objects = [I::NODE.destroy, I::NODE.construct];
        let methods = I::NODE.methods.iter().filter(|method| !of_objects.contains(&Some(method.ordinal)));
        let missing: Vec<_> =
            methods.map(|method| method.name).filter(|name| !self.0.contains_key(name)).collect();
        assert_eq!(missing, [""; 0], "nobody has called them");
        let row = |(name, (methods, limit)): (&&str, &(BTreeSet<Method>, String))| {
            let methods: Vec<_> = methods.iter().map(|method| format!("`{}`", method.name())).collect();
            format!("| `{name}` | {} | {limit} |\n", methods.join(", "))
        };
        let rows: String = self.0.iter().map(row).collect();
        let columns = "| method | asked of the node | as near as it can be had |\n|---|---|---|\n";
        let text = format!("{head}\n{columns}{rows}{end}");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../backend").join(file);
        if std::env::var_os("MP_METHODS").is_some_and(|what| what == "write") {
            std::fs::write(&path, text).unwrap();
            return;
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let first = text.lines().zip(kept.lines()).find(|(found, kept)| found != kept);
        assert_eq!(first, None, "another line in {}; see its head", path.display());
        assert_eq!(text, kept);
    }
}
