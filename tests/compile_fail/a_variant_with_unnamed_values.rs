use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub enum Shape {
    Point(i32, i32),
    Nothing,
}

fn main() {}
