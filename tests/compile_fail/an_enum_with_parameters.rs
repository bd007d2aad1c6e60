use mp_runtime::IpcEnum;

#[derive(IpcEnum)]
pub enum Colour<T> {
    Red,
    Green(T),
}

fn main() {}
