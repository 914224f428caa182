import { counts } from '../../lib/counts';

export const dynamic = 'force-dynamic';
export const GET = () => Response.json(counts);
