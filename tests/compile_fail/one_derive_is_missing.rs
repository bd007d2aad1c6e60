use mp_runtime::{Result, ipc_interface};

pub struct Job;

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn take(&self, job: Job) -> Result<Vec<Job>>;
    fn look(&self, job: &Job, #[ipc(out)] other: &mut Option<Job>) -> Result<(u8, Job)>;
    async fn wait(&self, jobs: Vec<Job>) -> Result<Job>;
}

fn main() {}
