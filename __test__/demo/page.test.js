'use strict';

const { chromium } = require('playwright-core');
const { findBrowser } = require('./find-browser');
const { startDemo } = require('./start-demo');

let demo;
let url;
let browser;
let page;
const problems = [];

beforeAll(async () => {
  demo = await startDemo(['--limit', '25', '--port', '0']);
  [url] = await demo.printed(/http:\/\/localhost:\d+/);
  browser = await chromium.launch({
    executablePath: findBrowser(),
    // Nothing but the demo is to be reached, and root may not use Chromium's sandbox.
    args: ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--disable-component-update'],
  });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

beforeEach(async () => {
  page = await browser.newPage();
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(url);
  await page.getByText('connected', { exact: true }).waitFor();
});

afterEach(async () => {
  await page.close();
  expect(problems.splice(0)).toEqual([]);
});

const city = (name) => page.getByRole('row', { name });
const change = (text) => page.getByRole('list', { name: 'Changes' }).getByText(text);

async function pick(country) {
  await page.getByLabel('Country').selectOption(country);
  await page.getByText('connected', { exact: true }).waitFor();
}

async function add(name, lat, lng) {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Latitude').fill(lat);
  await page.getByLabel('Longitude').fill(lng);
  await page.getByRole('button', { name: 'Add' }).click();
}

test('every country can be picked, and its cities are shown', async () => {
  expect(await page.getByLabel('Country').locator('option').count()).toBe(246);
  await pick('Andorra');
  await city('la Massana').waitFor();
  await pick('Monaco');
  await city('Monte-Carlo').waitFor();
  expect(await city('la Massana').count()).toBe(0);
});

test('cities are found by how their names start, without regard to accents and case', async () => {
  await pick('Andorra');
  await page.getByLabel('City starts with').fill('SANT JULIA');
  await city('Sant Julià de Lòria').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
});

test('a city that is added is shown at once as a live change, also to others, but not to other countries', async () => {
  await pick('Monaco');
  const [other, elsewhere] = await Promise.all([browser.newPage(), browser.newPage()]);
  for (const [watching, country] of [
    [other, 'Monaco'],
    [elsewhere, 'Andorra'],
  ]) {
    await watching.goto(url);
    await watching.getByText('connected', { exact: true }).waitFor();
    await watching.getByLabel('Country').selectOption(country);
    await watching.getByText('connected', { exact: true }).waitFor();
  }

  await add('Aa <b>Port</b>', '43.73', '7.42');

  await page.getByText('Aa <b>Port</b> was added').waitFor();
  await change('insert: Aa <b>Port</b>').waitFor();
  await city('Aa <b>Port</b>').waitFor();
  await other.getByText('insert: Aa <b>Port</b>').waitFor();
  expect(await elsewhere.getByText('insert:').count()).toBe(0);
  await Promise.all([other.close(), elsewhere.close()]);
});

test('the page fits a phone', async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});
