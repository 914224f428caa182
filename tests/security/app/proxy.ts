import { NextResponse, type NextRequest } from 'next/server';

/** What applications do, careless ones included. */
export default function proxy(request: NextRequest) {
  const { pathname, searchParams } = request.nextUrl;
  if (pathname.startsWith('/secret') || pathname.startsWith('/api/secret')) {
    return request.cookies.get('pass')?.value === 'yes' ? NextResponse.next() : new NextResponse('refused', { status: 401 });
  }
  // The mistake of CVE-2025-57822: the headers of the request become headers of the answer.
  if (pathname === '/reflect') return NextResponse.next({ headers: request.headers });
  const to = searchParams.get('to');
  if (to) return NextResponse.rewrite(new URL(to, request.url));
  return NextResponse.next();
}

export const config = { matcher: ['/secret/:path*', '/api/secret/:path*', '/reflect', '/rewrite'] };
