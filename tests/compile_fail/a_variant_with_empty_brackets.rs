use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub enum Shape {
    Circle(f64),
    Nothing {},
}

fn main() {}
