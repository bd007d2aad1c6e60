//! Orders of modules, as CONTRIBUTING.md writes them.
//!
//! ```text
//! mp-runtime wire: slot ← node layout ← read build
//! ```
//!
//! In: such lines. Out: whether imports follow them. Modules of one floor do not import each other; a folder
//! behind the package means the modules in it.

use std::collections::BTreeSet;

/// One line: the floors from the lowest, each with its modules.
#[derive(Debug, Default)]
pub(super) struct Order {
    pub(super) package: String,
    pub(super) folder: Vec<String>,
    pub(super) floors: Vec<Vec<String>>,
}

/// Reads the block; a line that begins with spaces goes on with the one before.
pub(super) fn orders(text: &str) -> Vec<Order> {
    let (_, block) = text.split_once("```layers\n").expect("a block `layers`");
    let (block, _) = block.split_once("```").expect("its end");
    let lines = block.replace("\n ", " ");
    lines.lines().filter(|line| !line.is_empty()).map(order).collect()
}

fn order(line: &str) -> Order {
    let (head, floors) = line.split_once(':').expect("a colon behind the package");
    let mut head = head.split_whitespace().map(str::to_owned);
    let package = head.next().expect("a package");
    let floor = |floor: &str| floor.split_whitespace().map(str::to_owned).collect();
    Order { package, folder: head.collect(), floors: floors.split('←').map(floor).collect() }
}

type Imports = BTreeSet<(String, String)>;

impl Order {
    /// The number of the floor that a module belongs to.
    fn place(&self, module: &String) -> Option<usize> {
        self.floors.iter().position(|floor| floor.contains(module))
    }

    /// What of the modules and their imports is not as the order says.
    pub(super) fn faults(&self, modules: &BTreeSet<String>, imports: &Imports) -> Vec<String> {
        let listed: Vec<&String> = self.floors.iter().flatten().collect();
        let known: BTreeSet<String> = listed.iter().map(|name| (*name).clone()).collect();
        let mut faults = Vec::new();
        if listed.len() != known.len() {
            faults.push("a module is listed twice".to_owned());
        }
        faults.extend(modules.difference(&known).map(|name| format!("`{name}` is not listed")));
        faults.extend(known.difference(modules).map(|name| format!("there is no `{name}`")));
        for (from, to) in imports {
            if let (Some(own), Some(other)) = (self.place(from), self.place(to))
                && other >= own
            {
                faults.push(format!("`{from}` imports `{to}`, which is not on an earlier floor"));
            }
        }
        if !faults.is_empty() {
            let name = [vec![self.package.clone()], self.folder.clone()].concat().join(" ");
            faults.insert(0, format!("{name} is not in the order of CONTRIBUTING.md:"));
            faults.push(format!("as it is now:\n{name}: {}\n", truth(modules, imports)));
        }
        faults
    }
}

/// The knots that the imports make.
fn circles(modules: &BTreeSet<String>, imports: &Imports) -> Vec<BTreeSet<String>> {
    let reached = |start: &String| {
        let mut reached = BTreeSet::from([start.clone()]);
        let mut size = 0;
        while size != reached.len() {
            size = reached.len();
            let further = imports.iter().filter(|(from, _)| reached.contains(from));
            reached.extend(further.map(|(_, to)| to.clone()).collect::<Vec<_>>());
        }
        reached
    };
    let circle = |module: &String| -> BTreeSet<String> {
        reached(module).into_iter().filter(|other| reached(other).contains(module)).collect()
    };
    modules.iter().map(circle).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The floors that the imports allow, each module as low as it can be; what imports each other is joined by a plus.
fn truth(modules: &BTreeSet<String>, imports: &Imports) -> String {
    let mut left = circles(modules, imports);
    let mut below = BTreeSet::new();
    let mut floors = Vec::new();
    while !left.is_empty() {
        let free = |circle: &BTreeSet<String>| {
            let mut own = imports.iter().filter(|(from, _)| circle.contains(from));
            own.all(|(_, to)| circle.contains(to) || below.contains(to))
        };
        let (floor, rest): (Vec<_>, Vec<_>) = left.iter().cloned().partition(free);
        below.extend(floor.iter().flatten().cloned());
        let knot = |knot: &BTreeSet<String>| knot.iter().cloned().collect::<Vec<_>>().join("+");
        floors.push(floor.iter().map(knot).collect::<Vec<_>>().join(" "));
        left = rest;
    }
    floors.join(" ← ")
}
