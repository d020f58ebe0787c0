import { openQuery, type QuerySession } from '../../src/query/open.js';
import { type ReportData, reportData } from '../../src/report/data.js';

/** A name that would act if any of it were taken for HTML or script. */
export const HOSTILE = `</script><img src=x onerror="document.title='owned'"><!--<script>'"&`;

const ABOUT = { title: 'T & <b>', source: 'a.pcap', version: '0', made: 0 };

/** What a report of a source shows, after changing the tables of its session. */
export async function dataOf(
  source: string,
  change: (session: QuerySession) => Promise<unknown> = async () => {},
): Promise<ReportData> {
  const session = await openQuery(source);
  try {
    await change(session);
    return await reportData(session.connection, ABOUT);
  } finally {
    await session.close();
  }
}

/** Put other rows in the place of `client_hellos`. */
export async function replaceHellos({ connection }: QuerySession, sql: string): Promise<void> {
  await connection.run(`CREATE TABLE replaced AS ${sql}`);
  await connection.run('CREATE OR REPLACE VIEW client_hellos AS FROM replaced');
}
