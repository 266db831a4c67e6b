use bson::doc;
use crate::support::{Client, Pending};
use polymongo::engine::request::Purpose;
fn rss() -> u64 { let s = std::fs::read_to_string("/proc/self/statm").unwrap(); s.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4 }
#[test]
fn dbg_mem() {
    let client = Client::new();
    client.insert("engine_mem", &doc!{"a":1}).unwrap();
    let before = rss();
    let start = std::time::Instant::now();
    let p: Vec<Pending> = (0..20000).map(|i| client.send("engine_mem", 0, Purpose::Write, &doc!{"insert":"c","documents":[{"_id": i}]}, None)).collect();
    println!("submitted in {:?}; rss +{} KB; queued {}", start.elapsed(), rss() - before, client.pool("")["waitQueueSize"]);
    for x in p { x.wait().unwrap(); }
    println!("done in {:?} rss +{} KB; {}", start.elapsed(), rss() - before, client.pool(""));
    client.run("engine_mem", &doc!{"dropDatabase":1});
}
#[test]
fn dbg_find() {
    let client = Client::new();
    client.insert("engine_mem2", &doc!{"_id":1, "a":"hello"}).unwrap();
    let n = 20000;
    for _ in 0..3 {
        let start = std::time::Instant::now();
        let mut window = std::collections::VecDeque::new();
        for _ in 0..n {
            if window.len() >= 64 { let p: Pending = window.pop_front().unwrap(); p.wait().unwrap(); }
            window.push_back(client.open(crate::support::handle(), "engine_mem2", 0, &doc!{"find":"c","filter":{"_id":1},"limit":1,"batchSize":1,"singleBatch":true}));
        }
        for p in window { p.wait().unwrap(); }
        println!("{} find/s", (n as f64 / start.elapsed().as_secs_f64()) as u64);
    }
}
