use mp_runtime::IpcEnum;

const FAR: isize = 1 << 40;

#[derive(Clone, Copy, IpcEnum)]
pub enum Distance {
    Near = 1,
    Far = FAR,
}

fn main() {}
