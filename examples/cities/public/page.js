const TYPING_PAUSE_MS = 150;
const MOST_CITIES = 12;
const MOST_CHANGES = 8;
const FIGURES_EVERY_MS = 2_000;

const element = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString('en');

let watched = null;
let latestSearch = 0;

async function request(path, options) {
  const response = await fetch(path, options);
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}

/** What people typed must never become part of the page's markup, so everything is set as text. */
function create(tag, text, attributes = {}) {
  const created = Object.assign(document.createElement(tag), attributes);
  created.textContent = text;
  return created;
}

function say(id, text, wrong = false) {
  element(id).textContent = text;
  element(id).classList.toggle('wrong', wrong);
}

async function search() {
  const mine = ++latestSearch;
  const start = element('search').value.trim();
  const query = new URLSearchParams({
    db: element('country').value,
    limit: MOST_CITIES,
    ...(start && { q: start }),
  });
  try {
    const { cities, total } = await request(`/cities?${query}`);
    // An answer that was overtaken by a later search must not replace that one's.
    if (mine !== latestSearch) return;
    element('cities').replaceChildren(...cities.map(cityRow));
    const which = cities.length === MOST_CITIES ? `the first ${MOST_CITIES}` : `${cities.length}`;
    say(
      'found',
      `Showing ${which}${start ? ` that start with “${start}”` : ''}, of ${number(total)} in this country`,
    );
  } catch (error) {
    if (mine === latestSearch) say('found', error.message, true);
  }
}

function cityRow({ name, lat, lng }) {
  const row = document.createElement('tr');
  row.append(
    create('th', name, { scope: 'row' }),
    create('td', lat.toFixed(4)),
    create('td', lng.toFixed(4)),
  );
  return row;
}

function watch() {
  watched?.close();
  element('changes').replaceChildren();
  watched = new EventSource(`/watch/${element('country').value}`);
  const show = (state) => {
    element('connection').textContent = state;
    element('connection').classList.toggle('on', state === 'connected');
  };
  show('connecting');
  watched.onopen = () => show('connected');
  watched.onerror = () => show('connecting');
  watched.addEventListener('change', ({ data }) => {
    const { operationType, city, _id } = JSON.parse(data);
    const item = create('li', '');
    item.append(create('span', `${operationType}: ${city?.name ?? _id}`));
    item.append(create('time', new Date().toLocaleTimeString()));
    element('changes').prepend(item);
    while (element('changes').children.length > MOST_CHANGES) element('changes').lastChild.remove();
    search();
  });
}

async function add(event) {
  event.preventDefault();
  const form = event.target;
  const body = JSON.stringify(Object.fromEntries(new FormData(form)));
  const headers = { 'Content-Type': 'application/json' };
  try {
    const path = `/cities?db=${encodeURIComponent(element('country').value)}`;
    const { name } = await request(path, { method: 'POST', headers, body });
    form.reset();
    say('added', `${name} was added`);
  } catch (error) {
    say('added', error.message, true);
  }
}

async function showFigures() {
  try {
    const { poolStats } = await request('/stats');
    element('connections').textContent = `${poolStats.totalConnections} of ${poolStats.maxPoolSize}`;
  } catch {
    // The next round may work; the live state already tells that the server is away.
  }
}

async function start() {
  const countries = await request('/countries');
  element('databases').textContent = number(countries.length);
  element('country').append(...countries.map(({ db, name }) => create('option', name, { value: db })));
  element('country').addEventListener('change', () => {
    search();
    watch();
  });
  let pause;
  element('search').addEventListener('input', () => {
    clearTimeout(pause);
    pause = setTimeout(search, TYPING_PAUSE_MS);
  });
  element('add').addEventListener('submit', add);
  setInterval(showFigures, FIGURES_EVERY_MS);
  await Promise.all([search(), showFigures()]);
  watch();
}

start().catch((error) => say('found', error.message, true));
