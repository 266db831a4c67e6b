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
