use futures_util::TryStreamExt;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, RawDocumentBuf, doc};
use mongodb::error::Result;
use mongodb::{Client, Collection};

/// What the operations work on: the database that the benchmark filled.
pub struct Context {
    client: Client,
    database: String,
    users: Collection<RawDocumentBuf>,
    scratch: Collection<Document>,
    ids: Vec<ObjectId>,
}

impl Context {
    /// Reads the ids of the documents, so that operations can ask for them.
    pub async fn open(client: Client, database: &str) -> Result<Self> {
        let db = client.database(database);
        let all = db
            .collection::<Document>("users")
            .find(doc! {})
            .projection(doc! { "_id": 1 })
            .await?;
        let found: Vec<Document> = all.try_collect().await?;
        let ids = found
            .iter()
            .filter_map(|document| document.get_object_id("_id").ok())
            .collect();
        Ok(Self {
            users: db.collection("users"),
            scratch: db.collection("scratch"),
            database: database.to_owned(),
            client,
            ids,
        })
    }

    /// Spreads over the collection as the other peers do.
    fn id(&self, i: u64) -> ObjectId {
        self.one_of(self.ids.len(), i)
    }

    fn one_of(&self, first: usize, i: u64) -> ObjectId {
        let index = (i * 7919) as usize % first.max(1);
        self.ids.get(index).copied().unwrap_or_default()
    }
}

/// How many databases are spread over, and how many documents each of them has: the first ones of the collection.
const TENANTS: u64 = 200;
const TENANT_DOCUMENTS: usize = 50;

/// The workloads of `bench/workloads.js` that are operations of a driver.
#[derive(Clone, Copy)]
pub enum Workload {
    FindOne,
    FindTwenty,
    FindAll,
    Aggregate,
    InsertOne,
    InsertMany,
    UpdateOne,
    BulkUpdate,
    FindOneInTenant,
}

impl Workload {
    /// The ceiling of a workload is its driver part: hydrated or lean is the same here.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "findOne lean" | "findOne lean, one at a time" | "findOne hydrated" | "driver findOne" => {
                Self::FindOne
            }
            "find 20 lean" | "find 20 hydrated" => Self::FindTwenty,
            "find 10,000 lean" | "find 10,000 as JSON" => Self::FindAll,
            "aggregate match + group" => Self::Aggregate,
            "driver insertOne" | "create" => Self::InsertOne,
            "insertMany 1,000 lean" => Self::InsertMany,
            "updateOne" => Self::UpdateOne,
            "bulkWrite 500 updateOne" => Self::BulkUpdate,
            "findOne lean, 200 tenants" => Self::FindOneInTenant,
            _ => return None,
        })
    }

    pub async fn run(self, context: &Context, i: u64) -> Result<()> {
        match self {
            Self::FindOne => drop(context.users.find_one(doc! { "_id": context.id(i) }).await?),
            Self::FindTwenty => {
                let found = context
                    .users
                    .find(doc! { "age": { "$gte": 10 } })
                    .limit(20)
                    .await?;
                drop(found.try_collect::<Vec<_>>().await?);
            }
            Self::FindAll => drop(context.users.find(doc! {}).await?.try_collect::<Vec<_>>().await?),
            Self::Aggregate => {
                let stages = [
                    doc! { "$match": { "age": { "$gte": 30 } } },
                    doc! { "$group": { "_id": "$age", "n": { "$sum": 1 }, "score": { "$avg": "$score" } } },
                ];
                let groups = context
                    .users
                    .aggregate(stages)
                    .await?
                    .with_type::<RawDocumentBuf>();
                drop(groups.try_collect::<Vec<_>>().await?);
            }
            Self::InsertOne => drop(context.scratch.insert_one(document(i)).await?),
            Self::InsertMany => {
                drop(context.scratch.insert_many((0..1000).map(document)).await?);
            }
            Self::UpdateOne => {
                let update = doc! { "$set": { "age": (i % 90) as i32 } };
                drop(
                    context
                        .users
                        .update_one(doc! { "_id": context.id(i) }, update)
                        .await?,
                );
            }
            Self::BulkUpdate => {
                let statements = (0..500).map(|k| {
                    let update = doc! { "$set": { "age": (k % 90) as i32 } };
                    doc! { "q": { "_id": context.id(i * 500 + k) }, "u": update }
                });
                let command = doc! { "update": "users", "updates": statements.collect::<Vec<_>>() };
                drop(
                    context
                        .client
                        .database(&context.database)
                        .run_command(command)
                        .await?,
                );
            }
            Self::FindOneInTenant => {
                let tenant = context
                    .client
                    .database(&format!("{}_{}", context.database, i % TENANTS));
                let users = tenant.collection::<RawDocumentBuf>("users");
                let id = context.one_of(TENANT_DOCUMENTS, i);
                drop(users.find_one(doc! { "_id": id }).await?);
            }
        }
        Ok(())
    }
}

/// The document of `bench/document.js`.
fn document(i: u64) -> Document {
    let place = i as f64 / 1e6;
    doc! {
        "name": format!("User Number {i}"),
        "email": format!("user{i}@example.com"),
        "age": (i % 90) as i32,
        "score": i as f64 * 1.37,
        "active": i.is_multiple_of(2),
        "createdAt": DateTime::from_millis(1_700_000_000_000 + i.cast_signed() * 1000),
        "tags": ["alpha", "beta", format!("tag{}", i % 50)],
        "address": {
            "street": format!("{i} Long Street Name"),
            "city": "Springfield",
            "zip": (10_000 + i % 90_000).to_string(),
            "geo": { "lat": 48.1 + place, "lng": 11.5 - place },
        },
        "bio": "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.",
    }
}
