use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
#[repr(u8)]
pub enum Shape {
    Circle(f64) = 3,
}

fn main() {}
