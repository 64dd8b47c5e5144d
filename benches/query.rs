//! How long the named queries take on a loaded repository, in every database.

mod databases;

use std::{collections::BTreeMap, time::Duration};

use criterion::{BenchmarkId, Criterion};
use databases::{Databases, batch, load};
use snake_pipe_core::{
    Result,
    load::{LoadPlan, Repository},
    queries::{ParameterDefault, QUERIES},
};
use snake_pipe_testkit::{
    fixtures::Generator,
    postgres::{ClusterOptions, PostgresCluster},
};
use tokio::runtime::Runtime;

const SEED: u64 = 1;
const FILES: u32 = 1_000;

fn main() -> Result<()> {
    let runtime = Runtime::new()?;
    let cluster = PostgresCluster::start(ClusterOptions::durable())?;
    let databases = runtime.block_on(Databases::open(&cluster))?;
    let facts = Generator::new(SEED, FILES).facts();
    let file = facts[0].path.as_str().to_owned();
    let batch = batch(facts);
    for backend in &databases.backends {
        let plan = LoadPlan::partial(Repository::named("app"), "1");
        runtime.block_on(load(backend.as_ref(), plan, &batch))?;
    }
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for query in QUERIES {
        let mut group = criterion.benchmark_group(format!("query/{}", query.name));
        let required =
            query.parameters.iter().filter(|parameter| parameter.default == ParameterDefault::Required);
        // Every sixth function of the generator has this name: there is much to answer.
        let value = |name: &str| if name == "files" { file.clone() } else { "function_0".to_owned() };
        let given: BTreeMap<String, String> =
            required.map(|parameter| (parameter.name.to_owned(), value(parameter.name))).collect();
        for backend in &databases.backends {
            let id = BenchmarkId::new(&backend.info().kind, format!("{FILES} files"));
            group.bench_with_input(id, backend, |bencher, backend| {
                bencher.to_async(&runtime).iter(|| async {
                    query.run(backend.as_ref(), &given).await.expect("a named query is answered")
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
