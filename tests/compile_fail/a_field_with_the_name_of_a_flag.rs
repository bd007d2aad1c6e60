use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub struct Item {
    price: Option<i64>,
    has_price: bool,
}

fn main() {}
