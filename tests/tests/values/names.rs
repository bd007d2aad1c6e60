//! Types of the user's own with names that mean something else elsewhere, and a constant as a default.

use std::sync::Arc;

use mp_runtime::{IpcStruct, Result, ipc_interface};

#[derive(Clone, Debug, PartialEq, IpcStruct)]
struct Path {
    steps: u32,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
struct String {
    loops: u32,
}

const ON: bool = true;

#[derive(Clone, Debug, PartialEq, IpcStruct)]
struct Switch {
    #[ipc(default = ON)]
    on: bool,
}

#[ipc_interface(file = "names.capnp", file_id = 0xd1b2_0000_0000_0010)]
trait Names: Send + Sync {
    fn walk(&self, path: &Path, back: Option<&Path>) -> Result<Vec<Path>>;
    async fn wander(&self, path: &Path) -> Result<Path>;
    fn tie(&self, string: &String) -> Result<String>;
    fn switch(&self, switch: Switch) -> Result<Switch>;
}

struct Walker;

#[ipc_interface]
impl Names for Walker {
    fn walk(&self, path: &Path, back: Option<&Path>) -> Result<Vec<Path>> {
        Ok(std::iter::once(path).chain(back).cloned().collect())
    }

    async fn wander(&self, path: &Path) -> Result<Path> {
        Ok(path.clone())
    }

    fn tie(&self, string: &String) -> Result<String> {
        Ok(string.clone())
    }

    fn switch(&self, switch: Switch) -> Result<Switch> {
        Ok(switch)
    }
}

#[test]
fn a_type_is_what_the_user_says_whatever_it_is_called() {
    let peer = crate::connected::<dyn Names>(Arc::new(Walker));
    let (there, back) = (Path { steps: 3 }, Path { steps: 4 });
    assert_eq!(peer.walk(&there, Some(&back)), Ok(vec![there.clone(), back.clone()]));
    assert_eq!(peer.walk(&there, None), Ok(vec![there.clone()]));
    assert_eq!(crate::wait(peer.wander(&back)), Ok(back));
    assert_eq!(peer.tie(&String { loops: 2 }), Ok(String { loops: 2 }));
    for on in [true, false] {
        assert_eq!(peer.switch(Switch { on }), Ok(Switch { on }));
    }
}
